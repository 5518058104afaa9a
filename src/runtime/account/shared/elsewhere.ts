/** Elsewhere: what waits and arrives at the other instances of an account, in this one's forecasts. */

import { amountIn } from "../../../core/scheduler/path.ts";
import type { EnqueueRequest } from "../../../core/scheduler/request.ts";
import type { Scheduler } from "../../../core/scheduler/scheduler.ts";
import type { ReportedBand, ReportedMeter } from "../../../stores/redis/messages.ts";
import type { MeterCopies } from "./meter-copies.ts";

/** Of one meter in one band, micro-units. */
interface Known {
  /** What others have waiting, as it was counted in last. */
  queued: number;
  /** All that has ever arrived, in the last report. */
  arrived: number;
  /** Of that what has come by this instance since. */
  ours: number;
}

export class Elsewhere {
  readonly #copies: MeterCopies;
  #scheduler: Scheduler | null = null;
  readonly #known = new Map<string, Known>();

  constructor(copies: MeterCopies) {
    this.#copies = copies;
  }

  /** One more has come here. */
  arrived({ path, band, demand }: EnqueueRequest, keys: readonly { readonly key: string }[]): void {
    for (let i = 0; i < keys.length; i++) {
      const known = this.#known.get(nameOf(band, keys[i].key));
      if (known) known.ours += amountIn(demand, path.columns[i], path.meters[i]);
    }
  }

  take(
    bands: readonly ReportedBand[],
    meters: readonly ReportedMeter[],
    scheduler: Scheduler,
    now: number,
  ): void {
    if (scheduler !== this.#scheduler) this.#begin(scheduler);
    for (let i = 0; i < meters.length; i++) {
      const meter = this.#copies.meterNamed(meters[i].key);
      if (meter === null) continue;
      const index = scheduler.indexOf(meter);
      for (let b = 0; b < Math.min(bands.length, scheduler.bands.length); b++) {
        const known = this.#at(nameOf(b, meters[i].key), bands[b].arrived[i] ?? 0);
        const total = bands[b].queued[i] ?? 0;
        const mine = scheduler.bands[b].queued.at(index) - known.queued;
        const queued = Math.max(0, total - mine);
        const all = bands[b].arrived[i] ?? 0;
        const arrived = Math.max(0, all - known.arrived - known.ours);
        scheduler.countElsewhere(b, meter, { queued: queued - known.queued, arrived }, now);
        Object.assign(known, { queued, arrived: all, ours: 0 });
      }
    }
    scheduler.bands.forEach((band, b) => {
      const total = bands[b]?.activeWeight ?? 0;
      band.weightElsewhere = Math.max(0, total - band.activeWeight);
    });
  }

  /** A new scheduler knows nothing of the others yet. */
  #begin(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
    for (const known of this.#known.values()) known.queued = 0;
  }

  #at(name: string, arrived: number): Known {
    let known = this.#known.get(name);
    if (known === undefined) {
      known = { queued: 0, arrived, ours: 0 };
      this.#known.set(name, known);
    }
    return known;
  }
}

function nameOf(band: number, key: string): string {
  return `${band}|${key}`;
}
