/**
 * Arrivals: moving averages of the demand that arrives, per meter: of what is queued, for waits (10 s),
 * and of all, for pressure (60 s): who is refused at once presses, too, but takes nothing from others.
 */
import { MICROS_PER_SECOND } from "../clock.ts";
import { Sums } from "./sums.ts";

const BIN_MICROS = MICROS_PER_SECOND;
const SHORT_BINS = 10;
const LONG_BINS = 60;

export class Arrivals {
  #bin: number;
  #endsAt: number;
  /** Meters that something has arrived for: indexes below this. */
  #meters = 0;
  readonly #queued = new Sums();
  readonly #refused = new Sums();
  readonly #short = new Sums();
  readonly #long = new Sums();

  constructor(now: number) {
    this.#bin = Math.floor(now / BIN_MICROS);
    this.#endsAt = (this.#bin + 1) * BIN_MICROS;
  }

  add(meter: number, amount: number, isQueued: boolean, now: number): void {
    if (now >= this.#endsAt) this.#roll(now);
    if (meter >= this.#meters) this.#meters = meter + 1;
    if (isQueued) this.#queued.add(meter, amount);
    else this.#refused.add(meter, amount);
  }

  /** Of what is queued, micro-units per microsecond over about 10 s. */
  shortRate(meter: number, now: number): number {
    if (now >= this.#endsAt) this.#roll(now);
    return this.#short.at(meter) / BIN_MICROS;
  }

  /** Of all, micro-units per microsecond over about 60 s. */
  longRate(meter: number, now: number): number {
    if (now >= this.#endsAt) this.#roll(now);
    return this.#long.at(meter) / BIN_MICROS;
  }

  /** Closes the bins that have passed; after a long pause their number no longer matters. */
  #roll(now: number): void {
    const bin = Math.floor(now / BIN_MICROS);
    const passed = bin - this.#bin;
    this.#bin = bin;
    this.#endsAt = (bin + 1) * BIN_MICROS;
    for (let meter = 0; meter < this.#meters; meter++) {
      const queued = this.#queued.at(meter);
      const all = queued + this.#refused.at(meter);
      this.#short.set(meter, faded(this.#short.at(meter), queued, SHORT_BINS, passed));
      this.#long.set(meter, faded(this.#long.at(meter), all, LONG_BINS, passed));
      this.#queued.set(meter, 0);
      this.#refused.set(meter, 0);
    }
  }
}

/** One bin of `amount` and then `passed - 1` empty ones enter the average. */
function faded(average: number, amount: number, bins: number, passed: number): number {
  const kept = 1 - 1 / bins;
  return (average + (amount - average) / bins) * kept ** (passed - 1);
}
