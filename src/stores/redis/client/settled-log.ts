/** Settled log: what was counted lately, to tell a store that has lost it. Bounded in number and time. */
import type { Unsettled } from "./retelling.ts";

const MOST = 2_000;
/** Replication is behind by less than this, or there is no replica. */
const KEPT_MICROS = 10_000_000;

interface Settled extends Unsettled {
  readonly batch: number;
  readonly at: number;
}

export class SettledLog {
  #settled: Settled[] = [];

  add(settled: Settled): void {
    this.#settled.push(settled);
    if (this.#settled.length > 2 * MOST) this.#settled = this.#settled.slice(-MOST);
  }

  /** What was settled in batches after this one, as far as it is remembered. */
  since(batch: number, now: number): readonly Settled[] {
    return this.#settled.filter((one) => one.batch > batch && now - one.at < KEPT_MICROS);
  }

  clear(): void {
    this.#settled = [];
  }
}
