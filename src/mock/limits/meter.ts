/** Meter: the live level of one limit, and the books of all that went in and out. */
import type { MeterDimension } from "./limits.ts";

/** Times are milliseconds on any clock that does not run back. `level === initial + minted - charged`, always. */
export interface Meter {
  readonly name: string;
  readonly dimension: MeterDimension;
  /** The most that can be spent at once. */
  readonly capacity: number;
  /** What can be spent now; below zero when more was charged than there was. */
  readonly level: number;
  /** What it held at first. */
  readonly initial: number;
  /** What has come back and found room. */
  readonly minted: number;
  /** What would have come back, but nothing was missing. */
  readonly wasted: number;
  /** What was taken, less what was given back. */
  readonly charged: number;
  /** The lowest level so far. */
  readonly lowest: number;
  /** Until nothing is missing, in milliseconds, as of the last refill. */
  readonly fullInMs: number;
  /** Brings the level up to `now`. */
  refill(now: number): void;
  /** Takes `amount`, below zero if need be: the caller has asked `waitMs` where it must not. */
  take(amount: number, now: number): void;
  /** Returns `amount` of an earlier `take`. */
  giveBack(amount: number, now: number): void;
  /**
   * Milliseconds until `amount` can be taken: 0 is now, Infinity is never.
   * An amount of 0 asks for any level above zero (Anthropic's rule for output tokens).
   */
  waitMs(amount: number, now: number): number;
  /** A new amount keeps the level; what no longer fits is taken away. */
  resize(amount: number, now: number): void;
}

/** Of the meters of these dimensions the one with the least left, or null. */
export function leastLeft(
  meters: readonly Meter[],
  dimensions: readonly MeterDimension[],
): Meter | null {
  let least: Meter | null = null;
  for (const meter of meters) {
    if (!dimensions.includes(meter.dimension)) continue;
    if (least === null || meter.level < least.level) least = meter;
  }
  return least;
}

/** Whole units left, never below zero. */
export function unitsLeft({ level }: Pick<Meter, "level">): number {
  return Math.max(0, Math.floor(level + 1e-6));
}
