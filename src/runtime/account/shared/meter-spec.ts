/** Meter spec: a meter of this process as a shared store is told of it. */
import { Bucket } from "../../../core/meter/bucket.ts";
import { epochAligned, FixedWindow } from "../../../core/meter/fixed-window.ts";
import type { Meter } from "../../../core/meter/meter.ts";
import { SlidingWindow } from "../../../core/meter/sliding-window.ts";
import type { MeterSpec } from "../../../stores/store.ts";

/** Windows that a calendar ends are told in advance: a month of days. They are told anew every day. */
const ENDS_TOLD = 32;

/** `isLearned`: where it is new to the store it has what it has here. */
export function meterSpec(key: string, meter: Meter, isLearned: boolean, now: number): MeterSpec {
  const { capacity, pace, label } = meter;
  const per = perOf(meter);
  return {
    ...{ key, kind: kindOf(meter), dimension: label.dimension, selector: label.selector },
    ...{ capacity, per, pace },
    ends: meter instanceof FixedWindow ? endsOf(meter, per, now) : [],
    ...(isLearned ? { level: Math.max(0, meter.level(now)) } : {}),
  };
}

/** Length of its window, microseconds; 0 for slots. */
export function perOf({ capacity, rate }: Meter): number {
  return rate === 0 ? 0 : Math.round(capacity / rate);
}

function kindOf(meter: Meter): MeterSpec["kind"] {
  if (meter instanceof Bucket) return "bucket";
  if (meter instanceof SlidingWindow) return "sliding";
  return meter instanceof FixedWindow ? "fixed" : "slots";
}

function endsOf(meter: FixedWindow, per: number, now: number): readonly number[] {
  const ends = meter.nextEnds(ENDS_TOLD, now);
  const plain = epochAligned(per);
  const isPlain = ends.every((end, i) => end === plain(i === 0 ? now : ends[i - 1]));
  return isPlain ? [] : ends;
}
