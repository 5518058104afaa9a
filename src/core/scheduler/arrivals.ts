/** Arrivals: moving averages of the demand that arrives, per meter, for waits (10 s) and pressure (60 s). */
import { MICROS_PER_SECOND } from "../clock.ts";

const BIN_MICROS = MICROS_PER_SECOND;
const SHORT_BINS = 10;
const LONG_BINS = 60;

export class Arrivals {
  #bin: number;
  readonly #current: number[] = [];
  readonly #short: number[] = [];
  readonly #long: number[] = [];

  constructor(now: number) {
    this.#bin = Math.floor(now / BIN_MICROS);
  }

  add(meter: number, amount: number, now: number): void {
    this.#roll(now);
    this.#current[meter] = (this.#current[meter] ?? 0) + amount;
  }

  /** Micro-units per microsecond over about 10 s. */
  shortRate(meter: number, now: number): number {
    this.#roll(now);
    return (this.#short[meter] ?? 0) / BIN_MICROS;
  }

  /** Micro-units per microsecond over about 60 s. */
  longRate(meter: number, now: number): number {
    this.#roll(now);
    return (this.#long[meter] ?? 0) / BIN_MICROS;
  }

  /** Closes the bins that have passed; after a long pause their number no longer matters. */
  #roll(now: number): void {
    const bin = Math.floor(now / BIN_MICROS);
    const passed = bin - this.#bin;
    if (passed <= 0) return;
    this.#bin = bin;
    for (let meter = 0; meter < this.#current.length; meter++) {
      const amount = this.#current[meter] ?? 0;
      this.#short[meter] = faded(this.#short[meter] ?? 0, amount, SHORT_BINS, passed);
      this.#long[meter] = faded(this.#long[meter] ?? 0, amount, LONG_BINS, passed);
      this.#current[meter] = 0;
    }
  }
}

/** One bin of `amount` and then `passed - 1` empty ones enter the average. */
function faded(average: number, amount: number, bins: number, passed: number): number {
  const kept = 1 - 1 / bins;
  return (average + (amount - average) / bins) * kept ** (passed - 1);
}
