/** Fixed window: an amount per calendar window (a day in the account's time zone), full again at its end. */
import { Meter, type MeterLabel, type MeterReading } from "./meter.ts";

/** The end of the window that holds `now`, both in microseconds since the epoch. Pure; strictly above `now`. */
export type WindowEnd = (now: number) => number;

export interface FixedWindowOptions {
  readonly label: MeterLabel;
  readonly capacity: number;
  /** Usual length of a window in microseconds, for the mean supply. */
  readonly per: number;
  readonly windowEnd: WindowEnd;
  readonly now: number;
  readonly initialShare: number;
}

export class FixedWindow extends Meter {
  capacity: number;
  rate: number;
  readonly #windowEnd: WindowEnd;
  #used: number;
  #startedAt: number;
  #endsAt: number;

  constructor(options: FixedWindowOptions) {
    super(options.label);
    this.capacity = options.capacity;
    this.rate = options.capacity / options.per;
    this.#windowEnd = options.windowEnd;
    this.#used = Math.ceil(options.capacity * (1 - options.initialShare));
    this.#startedAt = options.now;
    this.#endsAt = options.windowEnd(options.now);
  }

  level(now: number): number {
    if (now >= this.#endsAt) {
      this.#used = 0;
      this.#startedAt = this.#endsAt;
      this.#endsAt = this.#windowEnd(now);
    }
    return this.capacity - this.#used;
  }

  protected timeUntil(_target: number, now: number): number {
    this.level(now);
    return this.#endsAt - now;
  }

  protected take(amount: number, now: number): void {
    this.level(now);
    this.#used += amount;
  }

  protected give(amount: number, debitedAt: number, now: number): void {
    this.level(now);
    if (amount > 0 && debitedAt < this.#startedAt) return;
    this.#used = Math.max(0, this.#used - amount);
  }

  adjust(delta: number, now: number): void {
    this.level(now);
    this.#used = Math.max(0, this.#used - delta);
  }

  refilled(from: number, to: number): number {
    return to >= this.#windowEnd(from) ? this.capacity : 0;
  }

  override setForeign(): void {}

  /** When this window and those after it end, microseconds. */
  nextEnds(count: number, now: number): readonly number[] {
    const ends: number[] = [];
    for (let at = now; ends.length < count; ) {
      at = this.#windowEnd(at);
      ends.push(at);
    }
    return ends;
  }

  resize(capacity: number, per: number, _now: number): void {
    this.capacity = capacity;
    this.rate = capacity / per;
  }

  read(now: number): MeterReading {
    return { limit: this.capacity, level: this.level(now), resetsAt: this.#endsAt };
  }
}

/** Windows of `per` microseconds counted from the epoch, e.g. each UTC minute or day. */
export function epochAligned(per: number): WindowEnd {
  return (now) => (Math.floor(now / per) + 1) * per;
}
