/** Upstream errors: what a client is told when the provider failed it, without the provider's own words. */
import { SluiceError } from "../../core/errors.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import type { TransportFailure } from "../transport/transport.ts";

/** The provider took too long, which tells as much of its load as an answer that says so. */
export const TIMEOUT_VERDICT: Verdict = Object.freeze({
  class: "timeout",
  dimension: null,
  retryable: true,
  retryAfterMs: null,
});

export type FailureCode = "upstream_error" | "upstream_timeout" | "store_unavailable";

/** How long a store that went away is taken to need. */
const STORE_MS = 1_000;

export function codeOf({ kind }: TransportFailure): FailureCode {
  if (kind === "lease-lost") return "store_unavailable";
  return kind === "timeout" ? "upstream_timeout" : "upstream_error";
}

export function billingMessage(upstream: string): string {
  return `the account at ${upstream} cannot be charged: its owner has to settle this with the provider`;
}

export function upstreamError(code: FailureCode, failure: TransportFailure): SluiceError {
  if (code === "store_unavailable") {
    const words =
      "the store does not answer, so the call was ended before others could take its place";
    return new SluiceError(code, words, { details: { retryAfterMs: STORE_MS } });
  }
  const what = { unreachable: "cannot be reached", reset: "closed the connection" } as const;
  const words = failure.kind in what ? what[failure.kind as keyof typeof what] : "did not answer";
  return new SluiceError(code, `the upstream ${words}`, {
    cause: failure.cause,
    isUnsent: !failure.wasSent,
  });
}
