/** What an HTTP status means when nothing else in the response says more. */
import type { VerdictClass } from "../../core/verdict/verdict.ts";

/** Statuses that do not mean what their hundred means. 520-527 are Cloudflare's, 529 Anthropic's. */
const BY_STATUS: ReadonlyMap<number, VerdictClass> = new Map([
  [401, "auth"],
  [402, "billing"],
  [403, "auth"],
  [404, "not_found"],
  [407, "auth"],
  [408, "timeout"],
  [410, "not_found"],
  [421, "transient"],
  [423, "transient"],
  [424, "transient"],
  [425, "transient"],
  [429, "quota"],
  [451, "auth"],
  [499, "transient"],
  [501, "invalid_request"],
  [503, "overload"],
  [504, "timeout"],
  [505, "invalid_request"],
  [522, "timeout"],
  [524, "timeout"],
  [529, "overload"],
  [598, "timeout"],
  [599, "timeout"],
]);

/** Classes in which waiting alone can help. */
const RETRYABLE: ReadonlySet<VerdictClass> = new Set(["quota", "overload", "transient", "timeout"]);

export function classOfStatus(status: number): VerdictClass {
  const known = BY_STATUS.get(status);
  if (known !== undefined) return known;
  if (status >= 100 && status < 400) return "ok";
  return status >= 400 && status < 500 ? "invalid_request" : "transient";
}

export function isRetryableClass(verdictClass: VerdictClass): boolean {
  return RETRYABLE.has(verdictClass);
}
