/** A limit as headers tell it, before it is known whether it tells enough. */
import type { LimitReading } from "../../core/dialect.ts";
import { numberIn } from "./headers.ts";

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** A whole amount; -1, negatives, NaN and words mean that the server does not know. */
export function amountText(text: string | null): number | null {
  const number = numberIn(text);
  return number === null ? null : Math.floor(number);
}

/** Readings that say how much there is; a reset alone corrects no meter. */
export function withAmounts(readings: readonly LimitReading[]): readonly LimitReading[] {
  return readings.filter((reading) => reading.limit !== null || reading.remaining !== null);
}
