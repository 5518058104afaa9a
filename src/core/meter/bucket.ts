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
  capacity: number;
  rate: number;
  #per: number;
  /** Level at `#at`, less what has been taken since: apart from the refill, so that no fraction of it is lost. */
  #base: number;
  #at: number;

  constructor(options: BucketOptions) {
    super(options.label);
    this.capacity = options.capacity;
    this.rate = options.capacity / options.per;
    this.#per = options.per;
    this.#base = Math.floor(options.capacity * options.initialShare);
    this.#at = options.now;
  }

  level(now: number): number {
    const elapsed = Math.max(0, now - this.#at);
    const level = this.#base + this.#refill(elapsed);
    if (level >= this.capacity) this.#restart(this.capacity, now);
    else if (elapsed >= this.#per) this.#passTurns(Math.floor(elapsed / this.#per));
    return Math.min(level, this.capacity);
  }

  protected timeUntil(target: number, now: number): number {
    this.level(now);
    const lacking = target - this.#base;
    // From a microsecond below, because the division may be rounded up.
    let elapsed = Math.ceil((lacking * this.#per) / this.capacity) - 1;
    while (this.#refill(elapsed) < lacking) elapsed++;
    return this.#at + elapsed - now;
  }

  debit(amount: number, now: number): void {
    this.level(now); // what is full by now does not refill for the time before
    this.#base -= amount;
  }

  credit(amount: number, _debitedAt: number, now: number): void {
    this.level(now);
    this.#base += amount;
    this.level(now);
  }

  resize(capacity: number, per: number, now: number): void {
    this.#restart(Math.min(this.level(now), capacity), now);
    this.capacity = capacity;
    this.rate = capacity / per;
    this.#per = per;
  }

  read(now: number): MeterReading {
    const level = this.level(now);
    const resetsAt = level < this.capacity ? now + this.timeUntil(this.capacity, now) : now;
    return { limit: this.capacity, level, resetsAt };
  }

  /** Rounded down: a refill may come a microsecond late, it must never come early. */
  #refill(elapsed: number): number {
    const turns = Math.floor(elapsed / this.#per);
    const rest = elapsed - turns * this.#per;
    return turns * this.capacity + Math.floor((rest * this.capacity) / this.#per);
  }

  /** Each turn refills exactly the capacity; leaving them behind keeps the products small. */
  #passTurns(turns: number): void {
    this.#base += turns * this.capacity;
    this.#at += turns * this.#per;
  }

  #restart(level: number, now: number): void {
    this.#base = level;
    this.#at = Math.max(this.#at, now);
  }
}
