/** Seats: how many calls may run at the same time; a seat comes back when its call ends. */
import { Allowance, type AllowanceLabel } from "./allowance.ts";

export class Seats extends Allowance {
  #taken = 0;
  /** Seat-microseconds that calls have used so far, up to `#at`. */
  #at: number;
  readonly #since: number;

  constructor(label: AllowanceLabel, now: number) {
    super(label);
    this.#at = now;
    this.#since = now;
  }

  left(now: number): number {
    this.charged += this.#taken * (now - this.#at);
    this.#at = now;
    return this.label.limit - this.#taken;
  }

  /** In seat-microseconds, as `charged` is. */
  madeAvailable(now: number): number {
    this.left(now);
    return this.label.limit * (now - this.#since);
  }

  waitFor(amount: number, now: number): number {
    return this.fits(amount, now) ? 0 : Number.POSITIVE_INFINITY;
  }

  take(amount: number, now: number): void {
    this.left(now);
    this.#taken += amount;
  }

  giveBack(now: number): void {
    this.left(now);
    this.#taken--;
  }

  resetsIn(): number {
    return 0;
  }
}
