/**
 * Meter log: what was taken from a meter and given back, judged from the outside: does any window,
 * between any two admissions, hold more than the limit allows?
 *
 * Levels are not asked for. A bucket may serve `capacity + rate x t` in any span t, a sliding window
 * its capacity in any span of its length, a fixed one in each of its windows, slots at any time.
 */
import { Bucket } from "../../src/core/meter/bucket.ts";
import { FixedWindow } from "../../src/core/meter/fixed-window.ts";
import type { Meter } from "../../src/core/meter/meter.ts";
import { T0 } from "./meters.ts";

/** Net of what it gave back: a negative amount is a refund of something taken at `takenAt`. */
interface Entry {
  readonly at: number;
  readonly takenAt: number;
  readonly amount: number;
  /** Takes something by a grant; nothing is promised about a window that ends with a charge above its estimate. */
  readonly isAdmission: boolean;
}

/** Amounts are whole micro-units; rate x t is not. */
const ROUNDING = 1;

export class MeterLog {
  readonly meter: Meter;
  readonly #per: number | null;
  readonly #entries: Entry[] = [];

  /** @param per length of its window, microseconds; null: slots */
  constructor(meter: Meter, per: number | null) {
    this.meter = meter;
    this.#per = per;
    const debit = meter.debit.bind(meter);
    const credit = meter.credit.bind(meter);
    meter.debit = (amount, now) => {
      this.#entries.push({ at: now, takenAt: now, amount, isAdmission: amount > 0 });
      debit(amount, now);
    };
    meter.credit = (amount, debitedAt, now) => {
      const takenAt = amount > 0 ? debitedAt : now;
      this.#entries.push({ at: now, takenAt, amount: -amount, isAdmission: false });
      credit(amount, debitedAt, now);
    };
  }

  get admissions(): number {
    return this.#entries.filter(({ isAdmission }) => isAdmission).length;
  }

  /** The most that any window held above its limit, micro-units; at most 0 is right. */
  get worstExcess(): number {
    if (this.#per === null) return this.#excessIn(() => true);
    if (this.meter instanceof Bucket) return this.#excessOfBucket(this.meter.rate);
    const per = this.#per;
    if (this.meter instanceof FixedWindow) {
      return this.#excessIn((entry, end) => windowOf(entry.takenAt, per) === windowOf(end, per));
    }
    return this.#excessIn((entry, end) => entry.takenAt > end - per);
  }

  /** Every admission ends a window; the entries that `counts` accepts are in it. */
  #excessIn(counts: (entry: Entry, end: number) => boolean): number {
    let worst = Number.NEGATIVE_INFINITY;
    this.#entries.forEach(({ at, isAdmission }, index) => {
      if (!isAdmission) return;
      let sum = 0;
      for (const entry of this.#entries.slice(0, index + 1)) {
        if (counts(entry, at)) sum += entry.amount;
      }
      worst = Math.max(worst, sum - this.meter.capacity);
    });
    return worst;
  }

  /**
   * All pairs at once: what a window from entry j to admission k holds above `rate x t` is a
   * difference of two sums, so the least sum before j is enough to know.
   */
  #excessOfBucket(rate: number): number {
    let worst = Number.NEGATIVE_INFINITY;
    let sum = 0;
    let least = Number.POSITIVE_INFINITY;
    for (const { at, amount, isAdmission } of this.#entries) {
      const refilled = rate * (at - T0);
      least = Math.min(least, sum - refilled);
      sum += amount;
      if (isAdmission) worst = Math.max(worst, sum - refilled - least - this.meter.capacity);
    }
    return worst - ROUNDING;
  }
}

function windowOf(time: number, per: number): number {
  return Math.floor(time / per);
}
