/** Store report: what an instance is told of the whole; the counterpart of `report.lua`. */
import type { Meter } from "../../../core/meter/meter.ts";
import type {
  ReportedBand,
  ReportedHold,
  ReportedMeter,
  WholeReport,
} from "../../../stores/redis/messages.ts";
import type { StoreQueue } from "./store-queue.ts";

const LOOKED_AT_MICROS = 1_500_000;

export function metersOf({ store }: StoreQueue, now: number): readonly ReportedMeter[] {
  return [...store.meters].map(([key, meter]) => ({
    key,
    level: meter.level(now),
    charged: meter.charged,
    corrections: store.correctionsOf(meter),
    corrected: meter.corrected,
    capacity: meter.capacity,
    per: perOf(meter),
    foreign: meter.foreign,
    margin: meter.margin,
    restsFor: Math.max(0, meter.frozenUntil - now),
    probeIn: Number.isFinite(meter.probeAt) ? Math.max(0, meter.probeAt - now) : null,
  }));
}

export function wholeOf(queue: StoreQueue, instances: number, now: number): WholeReport {
  const { scheduler, meters } = queue.store;
  const indexes = [...meters.values()].map((meter) => scheduler.indexOf(meter));
  const bands = scheduler.bands.map(
    ({ activeWeight, queued, index: band }): ReportedBand => ({
      activeWeight,
      queued: indexes.map((index) => queued.at(index)),
      arrived: indexes.map((index) => queue.arrivedIn(band, index)),
      refused: indexes.map((index) => queue.refusedIn(band, index)),
    }),
  );
  return { bands, holds: holdsOf(queue, now), instances };
}

function holdsOf({ store }: StoreQueue, now: number): readonly ReportedHold[] {
  const { relief } = store.scheduler;
  return [...store.paths].flatMap(([key, path]) => {
    const hold = relief.holdOn(path, LOOKED_AT_MICROS, now);
    return hold === null ? [] : [{ key, pressure: hold.pressure, isActing: hold.isActing }];
  });
}

function perOf({ capacity, rate }: Meter): number {
  return rate === 0 ? 0 : Math.round(capacity / rate);
}
