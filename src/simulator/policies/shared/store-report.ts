/** Store report: what an instance is told of the whole; the counterpart of `report.lua`. */
import type { Meter } from "../../../core/meter/meter.ts";
import type { ReportedBand, ReportedMeter, WholeReport } from "../../../stores/redis/messages.ts";
import type { StoreQueue } from "./store-queue.ts";

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

export function wholeOf(queue: StoreQueue, instances: number): WholeReport {
  const { scheduler, meters } = queue.store;
  const indexes = [...meters.values()].map((meter) => scheduler.indexOf(meter));
  const bands = scheduler.bands.map(
    ({ activeWeight, queued, index: band }): ReportedBand => ({
      activeWeight,
      queued: indexes.map((index) => queued.at(index)),
      arrived: indexes.map((index) => queue.arrivedIn(band, index)),
    }),
  );
  return { bands, instances };
}

function perOf({ capacity, rate }: Meter): number {
  return rate === 0 ? 0 : Math.round(capacity / rate);
}
