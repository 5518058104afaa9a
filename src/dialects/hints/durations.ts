/** Lengths of time in text: Go's `6m0s` and `120ms`, and prose such as `7 minutes and 12 seconds`. */
import { LONGEST_RETRY_AFTER_MS } from "../../core/verdict/verdict.ts";

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["ns", 1e-6],
  ["us", 1e-3],
  ["µs", 1e-3],
  ["ms", 1],
  ["msec", 1],
  ["millisecond", 1],
  ["s", 1_000],
  ["sec", 1_000],
  ["second", 1_000],
  ["m", 60_000],
  ["min", 60_000],
  ["minute", 60_000],
  ["h", 3_600_000],
  ["hr", 3_600_000],
  ["hour", 3_600_000],
  ["d", 86_400_000],
  ["day", 86_400_000],
]);

/** Longest spelling first, so that `ms` is never read as minutes. */
const UNIT = [...UNIT_MS.keys()].sort((a, b) => b.length - a.length).join("|");
const AMOUNT = "\\d[\\d,]{0,15}(?:\\.\\d{1,12})?";
/** A duration as part of a larger expression: `1m26.4s`, `2 hours and 5 minutes`, `900.2ms`. */
export const DURATION_SOURCE = `(?:${AMOUNT}\\s{0,2}(?:${UNIT})s?(?![a-z])(?:,?\\s{1,2}(?:and\\s{1,2})?(?=\\d))?){1,6}`;

const WHOLE = new RegExp(`^${DURATION_SOURCE}$`);
const EACH = new RegExp(`(${AMOUNT})\\s{0,2}(${UNIT})s?(?![a-z])`, "g");
const LONGEST_TEXT = 64;

/** Milliseconds in `text`, not rounded; null if it is anything but a duration of zero or more. */
export function parseDuration(text: string): number | null {
  const lower = text.toLowerCase();
  if (lower.length > LONGEST_TEXT || !WHOLE.test(lower)) return null;
  let totalMs = 0;
  for (const [, amount, unit] of lower.matchAll(EACH)) {
    totalMs += Number(amount.replaceAll(",", "")) * UNIT_MS.get(unit)!;
  }
  return Number.isFinite(totalMs) ? totalMs : null;
}

/** Whole milliseconds, rounded up, between 0 and the longest wait that is believed. */
export function wholeWaitMs(ms: number): number {
  // 2.007 s is 2007.0000000000002 ms in binary: that is 2007, not 2008.
  return Math.min(Math.max(0, Math.ceil(ms - 1e-6)), LONGEST_RETRY_AFTER_MS);
}

/** As Go prints a duration of whole milliseconds: `0s`, `120ms`, `6m0s`, `1m26.4s`. */
export function formatGoDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole > 0 && whole < 1_000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor((whole % 3_600_000) / 60_000);
  const seconds = `${(whole % 60_000) / 1_000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
