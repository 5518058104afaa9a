/**
 * Bounds: how much a meter can hold at most and at least, by what an answer's headers say is left.
 *
 * The provider counted somewhere between sending and answering, nobody knows when. What was debited
 * after the answer's head came is surely not in its count, so the rest is an upper bound. Whatever
 * was debited since shortly before sending may not be in it, so taking all of that off is a lower one.
 * `level = remaining` is neither: with requests in flight it makes a quarter of them fail.
 */
import type { Meter } from "../meter/meter.ts";

/** What an answer tells of a meter, micro-units and microseconds. */
export interface Told {
  readonly remaining: number;
  /** `remaining` may be off by this much. */
  readonly quantum: number;
  readonly sentAt: number;
  /** When the answer's head was here. */
  readonly headAt: number;
  /** What was charged here by then, micro-units; absent: as it is remembered. */
  readonly chargedAtHead?: number;
}

/** `later`: what was debited since the head came, micro-units. */
export function highest(meter: Meter, told: Told, later: number, now: number): number {
  const refilled = meter.refilled(told.sentAt, now);
  const most = Math.min(meter.capacity, told.remaining + told.quantum + refilled);
  return Math.ceil(most) - later;
}

/** `unseen`: what may have been debited without being in the count, micro-units. */
export function lowest(meter: Meter, told: Told, unseen: number, now: number): number {
  const refilled = told.headAt < now ? refilledAtLeast(meter, told.headAt, now) : 0;
  return Math.floor(told.remaining - told.quantum + refilled) - unseen;
}

/** Of a bucket alone, since others may have taken what a window gave back. */
function refilledAtLeast(meter: Meter, from: number, to: number): number {
  return Math.min(meter.refilled(from, to), meter.supply * (to - from));
}
