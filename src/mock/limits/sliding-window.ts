/** Sliding window: an exact log of what was taken; no stretch of its length may hold more than the amount. */
import { type MeterDimension, PERIOD_MS } from "./limits.ts";
import type { Meter } from "./meter.ts";

interface Entry {
  readonly at: number;
  amount: number;
}

/** In how many steps a window that starts empty comes back, as if it had been used evenly. */
const STEPS_OF_EMPTY = 100;
/** Sums of fractions drift; see Bucket. */
const SLACK = 1e-6;
/** Entries that have left stay in the array up to here, so that a long log is not copied at each request. */
const MOST_PASSED = 1_024;

export class SlidingWindow implements Meter {
  readonly name: string;
  readonly dimension: MeterDimension;
  capacity: number;
  level: number;
  initial: number;
  minted = 0;
  charged = 0;
  lowest: number;
  readonly #startedAt: number;
  #now: number;
  /** Oldest first; bounded, because each entry takes some of the amount at its admission. */
  #log: Entry[] = [];
  #first = 0;

  constructor(
    name: string,
    dimension: MeterDimension,
    capacity: number,
    empty: boolean,
    now: number,
  ) {
    this.name = name;
    this.dimension = dimension;
    this.capacity = capacity;
    this.level = empty ? 0 : capacity;
    this.initial = this.level;
    this.lowest = this.level;
    this.#startedAt = now;
    this.#now = now;
    if (empty) this.#log = evenly(capacity, now, this.#periodMs);
  }

  /** What the rate would have brought beyond what came back. */
  get wasted(): number {
    const elapsedMs = this.#now - this.#startedAt;
    return Math.max(0, (this.capacity * elapsedMs) / this.#periodMs - this.minted);
  }

  refill(now: number): void {
    this.#now = Math.max(this.#now, now);
    while (this.#first < this.#log.length) {
      const { at, amount } = this.#log[this.#first];
      if (at + this.#periodMs > this.#now + SLACK) break;
      this.level += amount;
      this.minted += amount;
      this.#first += 1;
    }
    if (this.#first < MOST_PASSED && this.#first < this.#log.length) return;
    this.#log = this.#log.slice(this.#first);
    this.#first = 0;
  }

  take(amount: number, now: number): void {
    this.refill(now);
    if (amount === 0) return;
    this.#log.push({ at: this.#now, amount });
    this.level -= amount;
    this.charged += amount;
    this.lowest = Math.min(this.lowest, this.level);
  }

  /** From the newest entries; what has left the window already is no longer missing. */
  giveBack(amount: number, now: number): void {
    this.refill(now);
    let left = amount;
    for (let i = this.#log.length - 1; i >= this.#first && left > 0; i--) {
      const part = Math.min(left, this.#log[i].amount);
      this.#log[i].amount -= part;
      left -= part;
    }
    this.level += amount - left;
    this.charged -= amount;
    this.minted -= left;
  }

  waitMs(amount: number, now: number): number {
    this.refill(now);
    if (amount > this.capacity) return Number.POSITIVE_INFINITY;
    let missing = amount - this.level;
    if (amount > 0 ? missing <= SLACK : missing < 0) return 0;
    for (let i = this.#first; i < this.#log.length; i++) {
      missing -= this.#log[i].amount;
      if (missing <= SLACK) return Math.max(0, this.#log[i].at + this.#periodMs - this.#now);
    }
    return this.fullInMs;
  }

  get fullInMs(): number {
    const last = this.#first < this.#log.length ? this.#log.at(-1) : undefined;
    return last === undefined ? 0 : Math.max(0, last.at + this.#periodMs - this.#now);
  }

  /** What was used stays used: the level may fall below zero until it has left the window. */
  resize(capacity: number, now: number): void {
    this.refill(now);
    const change = capacity - this.capacity;
    this.capacity = capacity;
    this.level += change;
    this.initial += change;
    this.lowest = Math.min(this.lowest, this.level);
  }

  get #periodMs(): number {
    return PERIOD_MS[this.dimension];
  }
}

function evenly(capacity: number, now: number, periodMs: number): Entry[] {
  const steps = Math.min(STEPS_OF_EMPTY, Math.floor(capacity));
  return Array.from({ length: steps }, (_, i) => ({
    at: now - periodMs + ((i + 1) * periodMs) / steps,
    amount: capacity / steps,
  }));
}
