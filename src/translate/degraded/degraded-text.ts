/** What a degraded answer says: the operator's words, with the wait in them. */

/** A degraded answer before it has a format. */
export interface DegradedText {
  /** Unique, of letters, digits, `_` and `-`; formats put their prefix before it. */
  readonly id: string;
  /** The model as the client named it. */
  readonly model: string;
  /** What the answer says; see {@link degradedText}. */
  readonly text: string;
  readonly createdAtSeconds: number;
  /** The client asked for `stream_options.include_usage`. */
  readonly includesUsage: boolean;
}

/** `{wait}` becomes "in about 2 minutes", or "a little later" where nobody knows. */
export const DEFAULT_TEXT =
  "This request could not be answered now, because the service is at its limit or not available. " +
  "Nothing is lost: please try again {wait}.";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * The text for a wait in milliseconds; null: nobody knows how long.
 *
 * @example degradedText(90_000, "Busy. Come back {wait}.") // "Busy. Come back in about 2 minutes."
 */
export function degradedText(retryAfterMs: number | null, template = DEFAULT_TEXT): string {
  return template.replaceAll("{wait}", () => waitInWords(retryAfterMs));
}

/** Rounded up, because one who comes too early waits again. */
function waitInWords(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return "a little later";
  if (ms <= MINUTE_MS)
    return `in about ${counted(Math.max(1, Math.ceil(ms / 5_000)) * 5, "second")}`;
  if (ms <= 90 * MINUTE_MS) return `in about ${counted(Math.ceil(ms / MINUTE_MS), "minute")}`;
  return `in about ${counted(Math.ceil(ms / HOUR_MS), "hour")}`;
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
