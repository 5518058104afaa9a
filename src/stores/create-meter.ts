/** Create meter: a core meter as a store's specification describes it. */
import { Bucket } from "../core/meter/bucket.ts";
import { FixedWindow, type WindowEnd } from "../core/meter/fixed-window.ts";
import type { Meter } from "../core/meter/meter.ts";
import { NO_PACE } from "../core/meter/pace.ts";
import { SlidingWindow } from "../core/meter/sliding-window.ts";
import { Slots } from "../core/meter/slots.ts";
import type { MeterSpec } from "./store.ts";

export function createMeter(spec: MeterSpec, initialShare: number, now: number): Meter {
  const meter = meterOf(spec, spec.level === undefined ? initialShare : shareOf(spec), now);
  if (spec.pace.interval > 0) meter.pace = spec.pace;
  else meter.pace = NO_PACE;
  return meter;
}

function shareOf({ level = 0, capacity }: MeterSpec): number {
  return Math.min(1, Math.max(0, level / capacity));
}

function meterOf(spec: MeterSpec, initialShare: number, now: number): Meter {
  const { dimension, selector, capacity, per } = spec;
  const label = { dimension, selector };
  const options = { label, capacity, per, now, initialShare };
  switch (spec.kind) {
    case "bucket":
      return new Bucket(options);
    case "sliding":
      return new SlidingWindow(options);
    case "fixed":
      return new FixedWindow({ ...options, windowEnd: windowEndOf(spec) });
    case "slots":
      return new Slots(label, capacity);
  }
}

function windowEndOf({ ends, per }: MeterSpec): WindowEnd {
  return (now) => ends.find((end) => end > now) ?? (Math.floor(now / per) + 1) * per;
}
