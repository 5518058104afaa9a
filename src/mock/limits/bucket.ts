/** Bucket: a token bucket that refills continuously and keeps count of all that went in and out. */
import { type BucketDimension, PERIOD_MS } from "./limits.ts";

/**
 * Sums of fractions drift by about 1e-10 of a unit; without this slack a client that waited exactly
 * as long as it was told could be refused.
 */
const SLACK = 1e-6;

/** Times are milliseconds on any clock that does not run back. */
export class Bucket {
  readonly name: string;
  readonly dimension: BucketDimension;
  capacity: number;
  /** What can be spent now; below zero when more was charged than there was. */
  level: number;
  /** `level === initial + minted - charged`, always. */
  initial: number;
  /** Refill that found room. */
  minted = 0;
  /** Refill that found the bucket full. */
  wasted = 0;
  charged = 0;
  lowest: number;
  #refilledAt: number;

  constructor(
    name: string,
    dimension: BucketDimension,
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

  /** Takes `amount`, below zero if need be: the caller has asked `waitMs` where it must not. */
  take(amount: number, now: number): void {
    this.refill(now);
    this.level -= amount;
    this.charged += amount;
    this.lowest = Math.min(this.lowest, this.level);
  }

  /** Returns `amount` of an earlier `take`; what no longer fits is wasted, as if refill had found it full. */
  giveBack(amount: number, now: number): void {
    this.refill(now);
    const spill = Math.max(0, this.level + amount - this.capacity);
    this.level += amount - spill;
    this.charged -= amount;
    this.minted -= spill;
    this.wasted += spill;
  }

  /**
   * Milliseconds until `amount` can be taken: 0 is now, Infinity is never.
   * An amount of 0 asks for any level above zero (Anthropic's rule for output tokens).
   */
  waitMs(amount: number, now: number): number {
    this.refill(now);
    if (amount > this.capacity) return Number.POSITIVE_INFINITY;
    const missing = amount - this.level;
    if (amount > 0 ? missing <= SLACK : missing < 0) return 0;
    return (Math.max(missing, SLACK) * PERIOD_MS[this.dimension]) / this.capacity;
  }

  /** As of the last refill. */
  get fullInMs(): number {
    return ((this.capacity - this.level) * PERIOD_MS[this.dimension]) / this.capacity;
  }

  /** A new capacity keeps the level; what no longer fits is taken away. */
  resize(capacity: number, now: number): void {
    this.refill(now);
    const lost = Math.max(0, this.level - capacity);
    this.capacity = capacity;
    this.level -= lost;
    this.initial -= lost;
  }
}

/** Of the buckets of these dimensions the one with the least left, or null. */
export function leastLeft(
  buckets: readonly Bucket[],
  dimensions: readonly BucketDimension[],
): Bucket | null {
  let least: Bucket | null = null;
  for (const bucket of buckets) {
    if (!dimensions.includes(bucket.dimension)) continue;
    if (least === null || bucket.level < least.level) least = bucket;
  }
  return least;
}
