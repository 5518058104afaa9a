/** Bucket: a token bucket that refills continuously and keeps count of all that went in and out. */
import { type MeterDimension, PERIOD_MS } from "./limits.ts";
import type { Meter } from "./meter.ts";

/**
 * Sums of fractions drift by about 1e-10 of a unit; without this slack a client that waited exactly
 * as long as it was told could be refused.
 */
const SLACK = 1e-6;

export class Bucket implements Meter {
  readonly name: string;
  readonly dimension: MeterDimension;
  capacity: number;
  level: number;
  initial: number;
  minted = 0;
  wasted = 0;
  charged = 0;
  lowest: number;
  #refilledAt: number;

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
    this.#refilledAt = now;
  }

  refill(now: number): void {
    const elapsedMs = now - this.#refilledAt;
    if (elapsedMs <= 0) return;
    this.#refilledAt = now;
    const refill = (this.capacity * elapsedMs) / PERIOD_MS[this.dimension];
    const fits = Math.min(refill, this.capacity - this.level);
    this.level += fits;
    this.minted += fits;
    this.wasted += refill - fits;
  }

  take(amount: number, now: number): void {
    this.refill(now);
    this.level -= amount;
    this.charged += amount;
    this.lowest = Math.min(this.lowest, this.level);
  }

  /** What no longer fits is wasted, as if refill had found the bucket full. */
  giveBack(amount: number, now: number): void {
    this.refill(now);
    const spill = Math.max(0, this.level + amount - this.capacity);
    this.level += amount - spill;
    this.charged -= amount;
    this.minted -= spill;
    this.wasted += spill;
  }

  waitMs(amount: number, now: number): number {
    this.refill(now);
    if (amount > this.capacity) return Number.POSITIVE_INFINITY;
    const missing = amount - this.level;
    if (amount > 0 ? missing <= SLACK : missing < 0) return 0;
    return (Math.max(missing, SLACK) * PERIOD_MS[this.dimension]) / this.capacity;
  }

  get fullInMs(): number {
    return ((this.capacity - this.level) * PERIOD_MS[this.dimension]) / this.capacity;
  }

  resize(capacity: number, now: number): void {
    this.refill(now);
    const lost = Math.max(0, this.level - capacity);
    this.capacity = capacity;
    this.level -= lost;
    this.initial -= lost;
  }
}
