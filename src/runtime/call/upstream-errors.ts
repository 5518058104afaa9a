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

export function codeOf({ kind }: TransportFailure): "upstream_error" | "upstream_timeout" {
  return kind === "timeout" ? "upstream_timeout" : "upstream_error";
}

export function billingMessage(upstream: string): string {
  return `the account at ${upstream} cannot be charged: its owner has to settle this with the provider`;
}

export function upstreamError(
  code: "upstream_error" | "upstream_timeout",
  failure: TransportFailure,
): SluiceError {
  const what = { unreachable: "cannot be reached", reset: "closed the connection" } as const;
  const words = failure.kind in what ? what[failure.kind as keyof typeof what] : "did not answer";
  return new SluiceError(code, `the upstream ${words}`, {
    cause: failure.cause,
    isUnsent: !failure.wasSent,
  });
}
