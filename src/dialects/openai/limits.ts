/** OpenAI's `x-ratelimit-*` headers: buckets, whose reset is the time until they are full again. */
import type { HeaderView, LimitReading } from "../../core/dialect.ts";
import { parseDuration, wholeWaitMs } from "../hints/durations.ts";
import { headerOf } from "../hints/headers.ts";
import { amountText, DAY_MS, MINUTE_MS } from "../hints/rate-reading.ts";
import { rateLimitReadings } from "../hints/ratelimit-headers.ts";

const FAMILIES = [
  { suffix: "requests", dimension: "requests" },
  { suffix: "tokens", dimension: "tokens" },
  { suffix: "project-tokens", dimension: "tokens" },
] as const;

/** How far the arithmetic may be off: a call between the two numbers changes one of them. */
const TOLERANCE = 0.05;

/** All limits told, also those of which only the reset is. Servers that only speak OpenAI's API send their own. */
export function openAiReadings(headers: HeaderView, receivedAtMs: number): readonly LimitReading[] {
  const readings = FAMILIES.flatMap(({ suffix, dimension }) => {
    const limit = amountText(headerOf(headers, `x-ratelimit-limit-${suffix}`));
    const remaining = amountText(headerOf(headers, `x-ratelimit-remaining-${suffix}`));
    const resetMs = goDuration(headerOf(headers, `x-ratelimit-reset-${suffix}`));
    if (limit === null && remaining === null && resetMs === null) return [];
    const perMs = periodOf(limit, remaining, resetMs);
    const reading: LimitReading = {
      dimension,
      perMs,
      limit,
      remaining,
      resetMs,
      resetMeaning: "full",
      quantum: 1,
    };
    return [reading];
  });
  return readings.length > 0 ? readings : rateLimitReadings(headers, receivedAtMs);
}

function goDuration(text: string | null): number | null {
  // `0` has no unit in Go either; a bare number from Azure is seconds.
  const ms = text === null ? null : parseDuration(/^[\d.]+$/.test(text) ? `${text}s` : text);
  return ms === null ? null : wholeWaitMs(ms);
}

/**
 * A bucket refills what is missing in the reset time, so limit / rate is its period. The headers do not tell a daily
 * limit from one per minute, only this does. Null where nothing is missing, or where it is neither.
 */
export function periodOf(
  limit: number | null,
  remaining: number | null,
  resetMs: number | null,
): number | null {
  if (limit === null || remaining === null || resetMs === null) return null;
  const missing = limit - remaining;
  if (missing <= 0 || resetMs === 0) return null;
  // The reset is told in whole milliseconds, either cut or rounded.
  const least = (limit * (resetMs - 1)) / missing;
  const most = (limit * (resetMs + 1)) / missing;
  const isNear = (period: number) =>
    least <= period * (1 + TOLERANCE) && most >= period * (1 - TOLERANCE);
  if (isNear(MINUTE_MS)) return MINUTE_MS;
  return isNear(DAY_MS) ? DAY_MS : null;
}
