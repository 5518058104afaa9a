/** Elsewhere: what waits and arrives at the other instances of an account, in this one's forecasts. */
import { amountOf } from "../../../core/demand.ts";
import type { Meter } from "../../../core/meter/meter.ts";
import { toMicro } from "../../../core/queue/tickets.ts";
import type { ElsewhereChange, Scheduler } from "../../../core/scheduler/scheduler.ts";
import type { CountedRequests } from "../../../stores/redis/client/entry.ts";
import type { ReportedBand, ReportedMeter } from "../../../stores/redis/messages.ts";
import type { MeterCopies } from "./meter-copies.ts";

/** Micro-units that come, by whomever. */
interface Tally {
  /** All that ever have, in the last report. */
  told: number;
  /** Of what came since, what this instance has told. */
  ours: number;
}

/** Of one meter in one band. */
interface Known {
  /** What others have waiting, as it was counted in last, micro-units. */
  queued: number;
  readonly arrived: Tally;
  /** Refused where it came. */
  readonly refused: Tally;
}

export class Elsewhere {
  readonly #copies: MeterCopies;
  #scheduler: Scheduler | null = null;
  readonly #known = new Map<string, Known>();

  constructor(copies: MeterCopies) {
    this.#copies = copies;
  }

  /** The store has queued one of ours. */
  arrived(request: CountedRequests): void {
    this.#countOurs("arrived", request);
  }

  /** The store is told with this step of what was refused here. */
  refused(requests: CountedRequests): void {
    this.#countOurs("refused", requests);
  }

  #countOurs(what: "arrived" | "refused", requests: CountedRequests): void {
    const { path, band, demand, count } = requests;
    for (const { key, dimension } of path.meters) {
      const known = this.#known.get(nameOf(band, key));
      const amount = dimension === "concurrency" ? count : amountOf(demand, dimension);
      if (known) known[what].ours += toMicro(amount);
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
      for (let b = 0; b < Math.min(bands.length, scheduler.bands.length); b++) {
        const { queued, arrived, refused } = bands[b];
        const sums = { queued: queued[i] ?? 0, arrived: arrived[i] ?? 0, refused: refused[i] ?? 0 };
        this.#takeSums(scheduler, b, { key: meters[i].key, meter }, sums, now);
      }
    }
    scheduler.bands.forEach((band, b) => {
      const total = bands[b]?.activeWeight ?? 0;
      band.weightElsewhere = Math.max(0, total - band.activeWeight);
    });
  }

  #takeSums(
    scheduler: Scheduler,
    band: number,
    { key, meter }: { readonly key: string; readonly meter: Meter },
    sums: ElsewhereChange,
    now: number,
  ): void {
    const known = this.#at(nameOf(band, key), sums);
    const mine = scheduler.bands[band].queued.at(scheduler.indexOf(meter)) - known.queued;
    const queued = Math.max(0, sums.queued - mine);
    const change = {
      queued: queued - known.queued,
      arrived: takeOthers(known.arrived, sums.arrived),
      refused: takeOthers(known.refused, sums.refused),
    };
    known.queued = queued;
    scheduler.countElsewhere(band, meter, change, now);
  }

  /** A new scheduler knows nothing of the others yet. */
  #begin(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
    for (const known of this.#known.values()) known.queued = 0;
  }

  #at(name: string, { arrived, refused }: ElsewhereChange): Known {
    let known = this.#known.get(name);
    if (known === undefined) {
      const tally = (told: number): Tally => ({ told, ours: 0 });
      known = { queued: 0, arrived: tally(arrived), refused: tally(refused) };
      this.#known.set(name, known);
    }
    return known;
  }
}

/** What others have added since the last report. */
function takeOthers(tally: Tally, all: number): number {
  const others = Math.max(0, all - tally.told - tally.ours);
  tally.told = all;
  tally.ours = 0;
  return others;
}

function nameOf(band: number, key: string): string {
  return `${band}|${key}`;
}
