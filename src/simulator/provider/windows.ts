/** Windows: allowances that count in fixed windows of the clock, and in the time just passed. */
import { Allowance, type AllowanceLabel } from "./allowance.ts";

/** When the window that holds `now` ends, microseconds. */
export type EndOfWindow = (now: number) => number;

/** Whole again at the end of each window. */
export class FixedWindows extends Allowance {
  readonly #endOf: EndOfWindow;
  #used: number;
  #endsAt: number;
  #available: number;

  constructor(label: AllowanceLabel, now: number, initialShare: number, endOf: EndOfWindow) {
    super(label);
    this.#endOf = endOf;
    this.#used = label.limit * (1 - initialShare);
    this.#available = label.limit - this.#used;
    this.#endsAt = endOf(now);
  }

  left(now: number): number {
    while (now >= this.#endsAt) {
      this.#endsAt = this.#endOf(this.#endsAt);
      this.#used = 0;
      this.#available += this.label.limit;
    }
    return this.label.limit - this.#used;
  }

  madeAvailable(now: number): number {
    this.left(now);
    return this.#available;
  }

  waitFor(amount: number, now: number): number {
    if (amount > this.label.limit) return Number.POSITIVE_INFINITY;
    return this.fits(amount, now) ? 0 : this.#endsAt - now;
  }

  take(amount: number, now: number): void {
    this.left(now);
    this.#used += amount;
    this.charged += amount;
  }

  resetsIn(now: number): number {
    this.left(now);
    return this.#endsAt - now;
  }
}

/** What has run out is cut off when there is so much of it. */
const FORGET_FROM = 1_024;

/** Counts exactly what was taken in the window just passed. */
export class RollingWindow extends Allowance {
  readonly #since: number;
  readonly #amounts: number[] = [];
  readonly #times: number[] = [];
  /** Place of the oldest that still counts. */
  #first = 0;
  #used = 0;

  constructor(label: AllowanceLabel, now: number) {
    super(label);
    this.#since = now;
  }

  left(now: number): number {
    while (this.#first < this.#times.length && this.#times[this.#first] + this.label.per <= now) {
      this.#used -= this.#amounts[this.#first++];
    }
    if (this.#first === this.#times.length) this.#used = 0; // sums of fractions drift
    if (this.#first > FORGET_FROM && 2 * this.#first > this.#times.length) this.#forget();
    return this.label.limit - this.#used;
  }

  madeAvailable(now: number): number {
    return this.label.limit * (1 + (now - this.#since) / this.label.per);
  }

  waitFor(amount: number, now: number): number {
    if (amount > this.label.limit) return Number.POSITIVE_INFINITY;
    let left = this.left(now);
    if (this.fits(amount, now)) return 0;
    for (let place = this.#first; place < this.#times.length; place++) {
      left += this.#amounts[place];
      if (left >= amount) return this.#times[place] + this.label.per - now;
    }
    return this.label.per;
  }

  take(amount: number, now: number): void {
    this.left(now);
    this.#amounts.push(amount);
    this.#times.push(now);
    this.#used += amount;
    this.charged += amount;
  }

  resetsIn(now: number): number {
    this.left(now);
    const newest = this.#times[this.#times.length - 1] ?? now - this.label.per;
    return Math.max(0, newest + this.label.per - now);
  }

  #forget(): void {
    this.#amounts.splice(0, this.#first);
    this.#times.splice(0, this.#first);
    this.#first = 0;
  }
}
