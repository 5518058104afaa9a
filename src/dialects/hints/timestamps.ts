/** Moments in text: HTTP dates, RFC 3339 and epoch numbers, and the moment they are measured from. */
import type { HeaderView } from "../../core/dialect.ts";
import { parseDuration } from "./durations.ts";
import { headerOf, numberIn } from "./headers.ts";

/** RFC 9110, section 5.6.7: IMF-fixdate, RFC 850 and asctime all begin with the day's name. */
const HTTP_DATE = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? .{0,20}\d{2}:\d{2}:\d{2}/i;
const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[t ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s?(z|utc|[+-]\d{2}:?\d{2})?$/i;

/** Numbers below are seconds to wait (3 years), above this are seconds since 1970 (2001 on), then milliseconds. */
const MOST_DELTA_SECONDS = 100_000_000;
const LEAST_EPOCH_SECONDS = 1_000_000_000;
const LEAST_EPOCH_MS = 100_000_000_000;

/** Milliseconds since the epoch; null for anything that is not one of the date forms. */
export function parseTimestamp(text: string): number | null {
  if (text.length > LONGEST_DATE) return null;
  if (HTTP_DATE.test(text))
    return finite(Date.parse(/gmt|utc|[+-]\d{4}$/i.test(text) ? text : `${text} GMT`));
  const parts = RFC_3339.exec(text);
  if (parts === null) return null;
  const zone = parts[3] === undefined || /utc/i.test(parts[3]) ? "Z" : parts[3].toUpperCase();
  return finite(Date.parse(`${parts[1]}T${parts[2]}${zone}`));
}
const LONGEST_DATE = 64;

/** The server's own clock if it told it, so that our skew does not shorten a wait. */
export function referenceMs(headers: HeaderView, receivedAtMs: number): number {
  const date = headerOf(headers, "date");
  return (date === null ? null : parseTimestamp(date)) ?? receivedAtMs;
}

/**
 * Milliseconds from `reference` until what `text` says: seconds to wait, an epoch in seconds or milliseconds, a
 * duration with units, or a date. Past moments are 0; what cannot be read is null.
 */
export function parseWaitMs(text: string, reference: number): number | null {
  const number = numberIn(text);
  if (number !== null) return numericWaitMs(number, reference);
  const duration = parseDuration(text);
  if (duration !== null) return duration;
  const moment = parseTimestamp(text);
  return moment === null ? null : Math.max(0, moment - reference);
}

function numericWaitMs(number: number, reference: number): number | null {
  if (number < MOST_DELTA_SECONDS) return number * 1_000;
  if (number < LEAST_EPOCH_SECONDS) return null;
  return Math.max(0, (number < LEAST_EPOCH_MS ? number * 1_000 : number) - reference);
}

function finite(ms: number): number | null {
  return Number.isFinite(ms) ? ms : null;
}
