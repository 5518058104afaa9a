/** Refilling: an allowance that comes back continuously, and that answers under way may drain continuously. */
import { Allowance, type AllowanceLabel, SLACK } from "./allowance.ts";

export class Refilling extends Allowance {
  readonly #rate: number;
  readonly #since: number;
  readonly #initial: number;
  #left: number;
  #at: number;
  /** Units a microsecond that answers under way produce. */
  #drain = 0;

  constructor(label: AllowanceLabel, now: number, initialShare: number) {
    super(label);
    this.#rate = label.limit / label.per;
    this.#since = now;
    this.#initial = label.limit * initialShare;
    this.#left = this.#initial;
    this.#at = now;
  }

  left(now: number): number {
    const elapsed = now - this.#at;
    if (elapsed > 0) {
      this.#at = now;
      this.charged += elapsed * this.#drain;
      this.#left = Math.min(this.label.limit, this.#left + elapsed * (this.#rate - this.#drain));
    }
    return this.#left;
  }

  madeAvailable(now: number): number {
    return this.#initial + (now - this.#since) * this.#rate;
  }

  waitFor(amount: number, now: number): number {
    if (amount > this.label.limit) return Number.POSITIVE_INFINITY;
    const lacking = amount - this.left(now);
    return lacking <= SLACK ? 0 : Math.ceil(lacking / this.#rate);
  }

  take(amount: number, now: number): void {
    this.left(now);
    this.#left -= amount;
    this.charged += amount;
  }

  /** An answer begins (or with a negative speed ends) to produce this many units a microsecond. */
  drain(speed: number, now: number): void {
    this.left(now);
    this.#drain = Math.max(0, this.#drain + speed);
  }

  resetsIn(now: number): number {
    return Math.ceil((this.label.limit - this.left(now)) / this.#rate);
  }
}
