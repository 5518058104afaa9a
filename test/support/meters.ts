/** Meters for tests, in whole units and at a fixed time, so that a test reads like a limits page. */
import type { Dimension } from "../../src/core/demand.ts";
import { Bucket } from "../../src/core/meter/bucket.ts";
import { epochAligned, FixedWindow } from "../../src/core/meter/fixed-window.ts";
import { MICRO_UNITS } from "../../src/core/meter/meter.ts";
import { SlidingWindow } from "../../src/core/meter/sliding-window.ts";
import { Slots } from "../../src/core/meter/slots.ts";

export const MS = 1_000;
export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
/** When tests begin: a whole second of 2023, on an edge of every window up to 10 s. */
export const T0 = 1_700_000_000_000_000;

export interface LimitOptions {
  /** @default "requests" */
  readonly dimension?: Dimension;
  /** @default "account" */
  readonly selector?: string;
  /** Whole units. */
  readonly amount: number;
  /** Microseconds. @default a second */
  readonly per?: number;
  /** @default 1 */
  readonly initialShare?: number;
}

export function bucket(options: LimitOptions): Bucket {
  return new Bucket(resolved(options));
}

export function slidingWindow(options: LimitOptions): SlidingWindow {
  return new SlidingWindow(resolved(options));
}

export function fixedWindow(options: LimitOptions): FixedWindow {
  return new FixedWindow({
    ...resolved(options),
    windowEnd: epochAligned(options.per ?? SECOND),
  });
}

export function slots(amount: number, selector = "account"): Slots {
  return new Slots({ dimension: "concurrency", selector }, amount * MICRO_UNITS);
}

function resolved({
  dimension = "requests",
  selector = "account",
  amount,
  per = SECOND,
  initialShare = 1,
}: LimitOptions) {
  const label = { dimension, selector };
  return { label, capacity: amount * MICRO_UNITS, per, now: T0, initialShare };
}
