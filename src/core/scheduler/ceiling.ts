/**
 * Ceiling: the most of the pool that some bands may take. What it has had too much of, a band waits
 * for alone; others go on. Its own wait, so nobody of its band may pass it either.
 */
import type { CeilingOptions } from "./options.ts";

/** What may be taken at once: a second's share. One request more is let through and waited for afterwards. */
const BURST_NANOS = 1_000_000_000;

export class Ceiling {
  readonly share: number;
  readonly bands: readonly number[];
  /** Pool-nanoseconds; negative after a large request. */
  #level: number;
  #at: number;

  constructor({ share, bands }: CeilingOptions, now: number) {
    this.share = share;
    this.bands = bands;
    this.#level = BURST_NANOS * share;
    this.#at = now;
  }

  /** Microseconds until its bands may take more, once `cost` has been taken before; 0: now. */
  waitFor(now: number, cost = 0): number {
    const earned = Math.max(0, now - this.#at) * 1_000 * this.share;
    this.#level = Math.min(BURST_NANOS * this.share, this.#level + earned);
    this.#at = Math.max(this.#at, now);
    const level = this.#level - cost;
    return level > 0 ? 0 : Math.ceil((1 - level) / (1_000 * this.share));
  }

  spend(cost: number): void {
    this.#level -= cost;
  }
}
