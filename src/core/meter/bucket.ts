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
  /** Refill from `#at` to `#seenAt`: a pump asks for the level many times at the same moment. */
  #refilled = 0;
  #seenAt: number;

  constructor(options: BucketOptions) {
    super(options.label);
    this.capacity = options.capacity;
    this.rate = options.capacity / options.per;
    this.#per = options.per;
    this.#base = Math.floor(options.capacity * options.initialShare);
    this.#at = options.now;
    this.#seenAt = options.now;
  }

  level(now: number): number {
    if (now !== this.#seenAt) this.#see(now);
    return this.#base + this.#refilled;
  }

  protected timeUntil(target: number, now: number): number {
    this.level(now);
    const lacking = target - this.#base;
    // From below, because the division may be rounded up.
    let elapsed = Math.max(0, Math.ceil(this.#estimate(lacking)) - 1);
    while (this.#refill(elapsed) < lacking) elapsed++;
    return this.#at + elapsed - now;
  }

  protected take(amount: number, now: number): void {
    this.level(now); // what is full by now does not refill for the time before
    this.#base -= amount;
  }

  protected give(amount: number, _debitedAt: number, now: number): void {
    this.adjust(amount, now);
  }

  adjust(delta: number, now: number): void {
    this.level(now);
    this.#base += delta;
    this.#see(now);
  }

  resize(capacity: number, per: number, now: number): void {
    this.#restart(Math.min(this.level(now), capacity), now);
    this.capacity = capacity;
    this.rate = capacity / per;
    this.#per = per;
    super.setForeign(this.foreign, now); // of a smaller limit they cannot take as much
  }

  /** Others on the account take this much, micro-units per microsecond: it refills by so much less. */
  override setForeign(rate: number, now: number): void {
    this.#restart(this.level(now), now);
    super.setForeign(rate, now);
  }

  refilled(from: number, to: number): number {
    return Math.ceil(Math.max(0, to - from) * this.rate);
  }

  read(now: number): MeterReading {
    const level = this.level(now);
    const resetsAt = level < this.capacity ? now + this.timeUntil(this.capacity, now) : now;
    return { limit: this.capacity, level, resetsAt };
  }

  #see(now: number): void {
    const elapsed = Math.max(0, now - this.#at);
    this.#seenAt = now;
    this.#refilled = this.#refill(elapsed);
    if (this.#base + this.#refilled >= this.capacity) this.#restart(this.capacity, now);
    else if (elapsed >= this.#per) this.#passTurns(Math.floor(elapsed / this.#per));
  }

  /** Rounded down: a refill may come a microsecond late, it must never come early. */
  #refill(elapsed: number): number {
    if (this.foreign > 0) return Math.floor(elapsed * this.supply);
    if (elapsed < this.#per) return Math.floor((elapsed * this.capacity) / this.#per);
    const turns = Math.floor(elapsed / this.#per);
    const rest = elapsed - turns * this.#per;
    return turns * this.capacity + Math.floor((rest * this.capacity) / this.#per);
  }

  #estimate(lacking: number): number {
    return this.foreign > 0 ? lacking / this.supply : (lacking * this.#per) / this.capacity;
  }

  /** Each turn refills exactly the capacity; leaving them behind keeps the products small. */
  #passTurns(turns: number): void {
    const passed = turns * this.#per;
    const refilled = this.#refill(passed);
    this.#base += refilled;
    this.#refilled -= refilled;
    this.#at += passed;
  }

  #restart(level: number, now: number): void {
    this.#base = level;
    this.#refilled = 0;
    this.#at = Math.max(this.#at, now);
    this.#seenAt = now;
  }
}
