/** Store figures: what a shared store had to do in a run, per second and per instance. */
import type { Simulation } from "./simulation.ts";
import { START } from "./world/world.ts";

export interface StoreFigures {
  readonly instances: number;
  readonly stepsPerSecond: number;
  readonly stepsPerSecondAndInstance: number;
  readonly operationsPerStep: number;
  readonly bytesPerSecond: number;
  /** Share of the time in which the store's one thread was at work. */
  readonly busy: number;
  /** The longest that a step has waited for others before it. */
  readonly longestQueueMs: number;
  /** Messages to instances for which something was decided, a second. */
  readonly wakesPerSecond: number;
  readonly lostMessages: number;
}

/** Null: nothing was shared over a network. */
export function storeFiguresOf({ traffic, world, scenario }: Simulation): StoreFigures | null {
  if (traffic === null) return null;
  const { count } = scenario.setting.instances;
  const seconds = (world.now - START) / 1_000_000;
  const { steps, operations, bytesToStore, bytesFromStore, busy, wakes } = traffic;
  return {
    instances: count,
    stepsPerSecond: steps / seconds,
    stepsPerSecondAndInstance: steps / seconds / count,
    operationsPerStep: operations / Math.max(1, steps),
    bytesPerSecond: (bytesToStore + bytesFromStore) / seconds,
    busy: busy / 1_000_000 / seconds,
    longestQueueMs: traffic.longestQueue / 1_000,
    wakesPerSecond: wakes / seconds,
    lostMessages: traffic.lost,
  };
}
