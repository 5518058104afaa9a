/** Scheduler credits: what guarantees can have earned at most, kept anew by the judge. */
import { amountOf } from "../../src/core/demand.ts";
import type { Meter } from "../../src/core/meter/meter.ts";
import type { GuaranteeOptions } from "../../src/core/scheduler/options.ts";
import type { Job } from "./scheduler-driver.ts";

/** Pool-nanoseconds: a second of the pool, or twice the largest that waits. */
const LEAST_CREDIT = 1_000_000_000;

interface Credit {
  readonly share: number;
  readonly bands: readonly number[];
  level: number;
  at: number;
}

export class SchedulerCredits {
  readonly #credits: readonly Credit[];

  constructor(guarantees: readonly GuaranteeOptions[], now: number) {
    this.#credits = guarantees.map(({ share, bands }) => ({ share, bands, level: 0, at: now }));
  }

  /** Earned while any of its bands may have waited: never less than the scheduler itself allows. */
  earn(waited: readonly Job[], now: number): void {
    for (const credit of this.#credits) {
      const own = waited.filter((job) => credit.bands.includes(bandOf(job)));
      const most = Math.max(LEAST_CREDIT, 2 * Math.max(0, ...own.map(costOf)), credit.level);
      const earned = (now - credit.at) * 1_000 * credit.share;
      credit.level = own.length > 0 ? Math.min(most, credit.level + earned) : 0;
      credit.at = now;
    }
  }

  /** Takes a grant off the guarantees of its band; could one of them have paid for it? */
  spend(grant: Job): boolean {
    const cost = costOf(grant);
    const own = this.#credits.filter(({ bands }) => bands.includes(bandOf(grant)));
    const isPaid = own.some(({ level }) => level >= cost);
    for (const credit of own) credit.level = Math.max(0, credit.level - cost);
    return isPaid;
  }
}

export function bandOf({ options }: Job): number {
  return options.band ?? 0;
}

export function amountIn(job: Job, { label }: Meter): number {
  return Math.ceil(amountOf(job.demand, label.dimension) * 1_000_000);
}

/** Pool-nanoseconds at the meter it asks most of. */
function costOf(job: Job): number {
  const { path } = job.options;
  return Math.max(0, ...path.meters.map((meter, i) => path.cost(i, amountIn(job, meter))));
}
