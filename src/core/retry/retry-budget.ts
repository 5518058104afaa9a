/**
 * Retry budget: repetitions are a share of calls, so that a failing upstream gets a little more load
 * and never a multiple of it (Finagle, `RetryBudget`; SRE book, Addressing Cascading Failures).
 */
import { RollingCounts } from "../breaker/rolling-counts.ts";
import { MICROS_PER_SECOND } from "../clock.ts";

const WINDOW_MICROS = 10 * MICROS_PER_SECOND;
/** A quiet upstream's calls may be repeated too. */
const LEAST = 3;

export class RetryBudget {
  readonly #share: number;
  readonly #calls = new RollingCounts(WINDOW_MICROS);
  readonly #retries = new RollingCounts(WINDOW_MICROS);

  /** `share`: retries for each call of the last ten seconds, 0 to 1. */
  constructor(share: number) {
    this.#share = share;
  }

  /** A request is sent for the first time. */
  called(now: number): void {
    this.#calls.add(true, now);
  }

  /** Takes one repetition out of the budget; false: there is none left. */
  take(now: number): boolean {
    const calls = this.#calls.read(now).calls;
    const most = this.#share === 0 ? 0 : Math.max(LEAST, Math.floor(this.#share * calls));
    if (this.#retries.read(now).calls >= most) return false;
    this.#retries.add(true, now);
    return true;
  }
}
