/** Verdict: the typed meaning of a provider's response, so that quota, money and overload are never mixed up. */

export const VERDICT_CLASSES = [
  "ok",
  "quota",
  "billing",
  "overload",
  "transient",
  "timeout",
  "auth",
  "invalid_request",
  "context_length",
  "content_filter",
  "not_found",
] as const;

export type VerdictClass = (typeof VERDICT_CLASSES)[number];

/** The dimension a provider names when it says "limited". */
export type LimitedDimension =
  | "requests"
  | "tokens"
  | "input_tokens"
  | "output_tokens"
  | "requests_per_day"
  | "tokens_per_day"
  | "concurrency"
  | "spend";

export interface Verdict {
  readonly class: VerdictClass;
  /** Which limit bound, if the response says so. */
  readonly dimension: LimitedDimension | null;
  /** Waiting alone can make the identical request succeed. */
  readonly retryable: boolean;
  /** The wait the provider states, whole milliseconds rounded up; null if it states none or is not retryable. */
  readonly retryAfterMs: number | null;
}

export const OK_VERDICT: Verdict = Object.freeze({
  class: "ok",
  dimension: null,
  retryable: false,
  retryAfterMs: null,
});

/** Waits above this are kept as this: a hint may be long, never absurd. 31 days covers monthly caps. */
export const LONGEST_RETRY_AFTER_MS = 31 * 86_400_000;
