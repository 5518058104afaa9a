/** Pace: how fast a recorded load arrives, and how long, so that it asks for as much as is wished. */
import type { LimitRule } from "../../runtime/account/limit-meter.ts";
import type { LoadTask } from "../../workload/load.ts";
import { isCountedBy } from "../limits.ts";
import { type Prices, secondsAt } from "../standing.ts";

export interface PaceWish {
  /** Recorded seconds that pass in one of ours; null: as recorded, or as demand needs it. */
  readonly speed: number | null;
  /** How long tasks arrive; null: as long as there are any. */
  readonly seconds: number | null;
  /** Demand over budget. */
  readonly scale: number;
}

export interface Pace {
  readonly speed: number;
  readonly seconds: number;
}

/** At a given speed: a trace ends with its last request. */
export function recordedPace(span: number, speed: number, seconds: number | null): Pace {
  return { speed, seconds: Math.min(seconds ?? Number.POSITIVE_INFINITY, span / speed) };
}

/** So that the tasks that arrive ask for `scale` times what the limits allow meanwhile. */
export function scaledPace(tasks: readonly LoadTask[], prices: Prices, wish: PaceWish): Pace {
  const most = wish.seconds ?? Number.POSITIVE_INFINITY;
  const supplied = prices.limits.map(() => 0);
  let seconds = 0;
  let last = 0;
  for (const task of tasks) {
    addTo(supplied, task, prices);
    const needed = Math.max(...supplied) / wish.scale;
    if (needed > most) return { speed: task.atMs / 1_000 / most, seconds: most };
    seconds = needed;
    last = task.atMs;
  }
  return { speed: last / 1_000 / seconds, seconds };
}

/** Demand over budget of tasks that arrive within this time. */
export function scaleOf(tasks: readonly LoadTask[], prices: Prices, seconds: number): number {
  const supplied = prices.limits.map(() => 0);
  for (const task of tasks) addTo(supplied, task, prices);
  return Math.max(0, ...supplied) / seconds;
}

/** How long each limit needs to supply the tasks, seconds. */
function addTo(supplied: number[], task: LoadTask, prices: Prices): void {
  prices.limits.forEach((limit: LimitRule, place) => {
    if (isCountedBy(limit, task.model)) supplied[place] += secondsAt(limit, task, prices);
  });
}
