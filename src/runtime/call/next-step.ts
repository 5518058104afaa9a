/** Next step: what follows an attempt that failed. Pure, so that every case can be listed in a test. */
import type { Verdict } from "../../core/verdict/verdict.ts";
import type { TransportFailure } from "../transport/transport.ts";
import type { RetryPolicy } from "./call-plan.ts";

export type NextStep =
  /** The budget was not what we thought: the meters rest, the call waits in its old place. */
  | { readonly kind: "wait-for-budget" }
  | { readonly kind: "retry"; readonly delayMs: number }
  /** Nothing is sent with this credential until its owner has acted. */
  | { readonly kind: "stop"; readonly reason: "billing" | "auth" }
  /** Enough was tried here; another candidate or a fallback may do. */
  | { readonly kind: "elsewhere" }
  /** It is the request's fault: the provider's own answer is the best answer. */
  | { readonly kind: "deliver" };

export interface Circumstances {
  /** Attempts made, this one included. */
  readonly attempts: number;
  readonly retry: RetryPolicy;
  /** May be sent again although the provider may have processed it. */
  readonly isRepeatable: boolean;
  /** 0 to 1, uniform. */
  readonly random: number;
}

/** A quota refusal is not the request's fault, so it gets more tries than a failure; still bounded. */
const QUOTA_ATTEMPTS = 10;

export function afterVerdict(verdict: Verdict, circumstances: Circumstances): NextStep {
  switch (verdict.class) {
    case "quota":
      return afterQuota(verdict, circumstances);
    case "billing":
    case "auth":
      return { kind: "stop", reason: verdict.class };
    case "overload":
    case "transient":
    case "timeout":
      return mayRepeat(verdict.class === "overload", circumstances)
        ? { kind: "retry", delayMs: backoff(circumstances, verdict.retryAfterMs) }
        : { kind: "elsewhere" };
    default:
      return { kind: "deliver" };
  }
}

export function afterFailure(failure: TransportFailure, circumstances: Circumstances): NextStep {
  if (mayRepeat(!failure.wasSent, circumstances)) {
    return { kind: "retry", delayMs: backoff(circumstances, null) };
  }
  return { kind: "elsewhere" };
}

function afterQuota(verdict: Verdict, { attempts }: Circumstances): NextStep {
  if (!verdict.retryable || attempts >= QUOTA_ATTEMPTS) return { kind: "elsewhere" };
  return { kind: "wait-for-budget" };
}

/** `isUnprocessed`: the provider has refused or never seen it, so a repetition is always safe. */
function mayRepeat(isUnprocessed: boolean, circumstances: Circumstances): boolean {
  const { attempts, retry, isRepeatable } = circumstances;
  return attempts < retry.attempts && (isUnprocessed || isRepeatable);
}

/** Uniform in 1-2, 2-4, 4-8 times the base; never earlier than the provider asks. */
function backoff({ attempts, retry, random }: Circumstances, hintMs: number | null): number {
  const least = retry.baseMs * 2 ** (attempts - 1);
  return Math.max(least * (1 + random), hintMs ?? 0);
}
