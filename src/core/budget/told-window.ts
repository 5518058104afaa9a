/** Told window: how long the window of a limit is, from what its headers say of the way to its reset. */
import type { LimitReading } from "../dialect.ts";

const DEFAULT_MS = 60_000;
/** Windows that providers use. */
const USUAL_MS = [1_000, 10_000, 60_000, 3_600_000, 86_400_000];
/** How far an estimate may be from a usual window to be taken for it. */
const TOLERANCE = 0.25;
/** With less missing than this share of the limit, or less time, rounding decides the estimate. */
const LEAST_MISSING = 0.02;
const LEAST_RESET_MS = 100;

/** Milliseconds; null: this reading does not tell. */
export function toldPerMs(reading: LimitReading): number | null {
  if (reading.perMs !== null) return reading.perMs;
  return reading.resetMeaning === "full" ? periodOfBucket(reading) : null;
}

/** What to assume meanwhile: a minute, or the shortest usual window that holds the reset. */
export function assumedPerMs({ resetMs, resetMeaning }: LimitReading): number {
  if (resetMeaning === "full" || resetMs === null) return DEFAULT_MS;
  const usual = USUAL_MS.find((perMs) => perMs >= DEFAULT_MS && perMs >= resetMs);
  return usual ?? resetMs;
}

/** A bucket refills what is missing by its reset, so limit / rate is its period. */
function periodOfBucket({ limit, remaining, resetMs }: LimitReading): number | null {
  if (limit === null || remaining === null || resetMs === null) return null;
  const missing = limit - remaining;
  if (missing < Math.max(1, limit * LEAST_MISSING) || resetMs < LEAST_RESET_MS) return null;
  const perMs = (limit * resetMs) / missing;
  const usual = USUAL_MS.find((one) => Math.abs(perMs - one) <= TOLERANCE * one);
  return usual ?? Math.round(perMs);
}
