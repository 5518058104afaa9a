/** Token bucket: refills continuously and holds at most its capacity. Level and timestamp, not GCRA. */
import { Meter, type MeterLabel, type MeterReading } from "./meter.ts";

export interface BucketOptions {
  readonly label: MeterLabel;
  /** Micro-units. */
  readonly capacity: number;
  /** Time in which an empty bucket fills, microseconds. */
  readonly per: number;
  readonly now: number;
  /** Share of the capacity available at the start, 0 to 1. */
  readonly initialShare: number;
}

export class Bucket extends Meter {
  readonly capacity: number;
  readonly rate: number;
  #level: number;
  #at: number;

  constructor(options: BucketOptions) {
    super(options.label);
    this.capacity = options.capacity;
    this.rate = options.capacity / options.per;
    this.#level = Math.floor(options.capacity * options.initialShare);
    this.#at = options.now;
  }

  level(now: number): number {
    if (now > this.#at) {
      // Rounded down: a refill may come a microsecond late, it must never come early.
      const refilled = this.#level + Math.floor((now - this.#at) * this.rate);
      this.#level = Math.min(refilled, this.capacity);
      this.#at = now;
    }
    return this.#level;
  }

  protected timeUntil(target: number, now: number): number {
    return Math.ceil((target - this.level(now)) / this.rate);
  }

  debit(amount: number, now: number): void {
    this.#level = this.level(now) - amount;
  }

  credit(amount: number, _debitedAt: number, now: number): void {
    this.#level = Math.min(this.capacity, this.level(now) + amount);
  }

  read(now: number): MeterReading {
    const level = this.level(now);
    const resetsAt = now + Math.ceil((this.capacity - level) / this.rate);
    return { limit: this.capacity, level, resetsAt };
  }
}
