/** Guarantee: a minimum share, earned only while work waits, spent by whatever its bands are granted. */
import type { GuaranteeOptions } from "./options.ts";

/**
 * Credit may always grow to one second of the pool, or to twice the head's cost if that is larger:
 * what is earned while a head that can pay is still being passed is for the one after it. Without
 * it a band of large requests would have half of its share.
 */
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

  /** Can it pay for a head of this cost? */
  canPay(cost: number, now: number): boolean {
    if (now > this.#at) {
      const earned = (now - this.#at) * 1_000 * this.share;
      const most = Math.max(CREDIT_NANOS, 2 * cost, this.#credit); // a small head takes none away
      this.#credit = Math.min(this.#credit + earned, most);
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

  /**
   * How much others may be granted past a blocked head of this cost that it can pay for: their share
   * while its credit grows to twice that. What is behind has the credit, so it catches up.
   */
  bypassBound(cost: number): number {
    return (Math.max(0, 2 * cost - this.#credit) * (1 - this.share)) / this.share;
  }
}
