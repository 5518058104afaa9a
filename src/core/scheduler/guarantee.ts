/** Guarantee: a minimum share, earned only while work waits, spent by whatever its bands are granted. */
import type { GuaranteeOptions } from "./options.ts";

/** Credit may always grow to one second of the pool, or to the head's cost if that is larger. */
const CREDIT_NANOS = 1_000_000_000;

export class Guarantee {
  readonly label: string;
  readonly share: number;
  readonly bands: readonly number[];
  waiting = 0;
  /** Pool-nanoseconds. */
  #credit = 0;
  #at: number;

  constructor(options: GuaranteeOptions, now: number) {
    this.label = options.label;
    this.share = options.share;
    this.bands = options.bands;
    this.#at = now;
  }

  enter(now: number): void {
    if (this.waiting++ === 0) {
      this.#at = now;
      this.#credit = 0;
    }
  }

  leave(): void {
    this.waiting--;
  }

  /** Can it pay for a head of this cost? Earning stops at what the head needs. */
  canPay(cost: number, now: number): boolean {
    if (now > this.#at) {
      const earned = (now - this.#at) * 1_000 * this.share;
      this.#credit = Math.min(this.#credit + earned, Math.max(CREDIT_NANOS, cost));
      this.#at = now;
    }
    return this.#credit >= cost;
  }

  /** Microseconds until it can pay `cost`. */
  timeUntil(cost: number): number {
    return Math.ceil(Math.max(0, cost - this.#credit) / (1_000 * this.share));
  }

  spend(cost: number): void {
    this.#credit = Math.max(0, this.#credit - cost);
  }

  /** How much others may be granted past its blocked head, per cost of that head. */
  get bypassRatio(): number {
    return (1 - this.share) / this.share;
  }
}
