/** Creates the meter that enforces an amount as a provider's rule says. */
import { Bucket } from "./bucket.ts";
import { FixedWindow } from "./fixed-window.ts";
import { type MeterDimension, type MeterRule, PERIOD_MS } from "./limits.ts";
import type { Meter } from "./meter.ts";
import { SlidingWindow } from "./sliding-window.ts";
import { planSlice, planWindow } from "./window-plans.ts";

export interface MeterOrder {
  readonly name: string;
  readonly dimension: MeterDimension;
  readonly amount: number;
  readonly startEmpty: boolean;
}

export function createMeter(rule: MeterRule, order: MeterOrder, now: number): Meter {
  const { name, dimension, amount, startEmpty } = order;
  switch (rule.kind) {
    case "bucket":
      return new Bucket(name, dimension, amount, startEmpty, now);
    case "sliding":
      return new SlidingWindow(name, dimension, amount, startEmpty, now);
    case "fixed": {
      const lengthMs = PERIOD_MS[dimension];
      const planOf = (size: number) => planWindow(size, lengthMs, rule.zone);
      return new FixedWindow(name, dimension, amount, startEmpty, now, planOf);
    }
    case "sliced":
      return new FixedWindow(name, dimension, amount, startEmpty, now, planSlice);
  }
}
