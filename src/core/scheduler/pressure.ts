/**
 * Pressure: how hard non-batch demand presses on a meter, 0 to 1. Alerts and mitigation follow it.
 *
 * Of a meter: (60 s average of arriving non-batch demand + queued non-batch demand / 10 s) / supply.
 * Of a window of an hour or more: (used + arriving demand x time to its end) / amount.
 * Batch is left out: it is meant to fill the gaps, so a pool filled by batch alone is at ease.
 */
import { MICROS_PER_SECOND } from "../clock.ts";
import { FixedWindow } from "../meter/fixed-window.ts";
import { SlidingWindow } from "../meter/sliding-window.ts";
import type { Band, Competitor } from "./band.ts";
import type { Path } from "./path.ts";

const QUEUE_MICROS = 10 * MICROS_PER_SECOND;
const LONG_WINDOW_MICROS = 3_600 * MICROS_PER_SECOND;

/** Pressure of a path: the largest of its meters. */
export function pressureOf(path: Path, bands: readonly Band<Competitor>[], now: number): number {
  let pressure = 0;
  for (let i = 0; i < path.meters.length; i++) {
    const demand = demandAt(path.indexes[i], bands, now);
    pressure = Math.max(pressure, meterPressure(path, i, demand, now));
  }
  return pressure;
}

/** Less than this share of the supply is nobody who presses. */
const LEAST_DEMAND = 0.01;

/**
 * What presses on those who would give way for it. A window of a day may be used up by batch alone:
 * where these bands ask for nothing, that presses on nobody.
 */
export function pressingOn(path: Path, bands: readonly Band<Competitor>[], now: number): number {
  let pressure = 0;
  for (let i = 0; i < path.meters.length; i++) {
    const demand = demandAt(path.indexes[i], bands, now);
    if (demand.arriving + demand.queued / QUEUE_MICROS < LEAST_DEMAND * path.supply(i)) continue;
    pressure = Math.max(pressure, meterPressure(path, i, demand, now));
  }
  return pressure;
}

interface InteractiveDemand {
  readonly arriving: number;
  readonly queued: number;
}

function demandAt(
  index: number,
  bands: readonly Band<Competitor>[],
  now: number,
): InteractiveDemand {
  let arriving = 0;
  let queued = 0;
  for (const band of bands) {
    if (band.latency === "batch") continue;
    arriving += band.arrivals.longRate(index, now);
    queued += band.queued.at(index);
  }
  return { arriving, queued };
}

function meterPressure(
  path: Path,
  i: number,
  { arriving, queued }: InteractiveDemand,
  now: number,
): number {
  const meter = path.meters[i];
  if (isLongWindow(path, i)) {
    const { level, resetsAt } = meter.read(now);
    const ahead = arriving * Math.max(0, (resetsAt ?? now) - now);
    return Math.min(1, (meter.capacity - level + ahead) / meter.capacity);
  }
  return Math.min(1, (arriving + queued / QUEUE_MICROS) / path.supply(i));
}

function isLongWindow(path: Path, i: number): boolean {
  const meter = path.meters[i];
  const isWindow = meter instanceof FixedWindow || meter instanceof SlidingWindow;
  return isWindow && meter.capacity / meter.rate >= LONG_WINDOW_MICROS;
}
