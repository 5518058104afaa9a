/** Setting: everything about a simulated world but its load. */

import type { LimitRule } from "../runtime/account/limit-meter.ts";
import type { BandTable } from "../runtime/policy/bands.ts";
import { createRandom } from "../workload/random.ts";
import type { SimulatedDialect } from "./provider/rules.ts";
import type { Timing } from "./world/timing.ts";

export interface SettingTier {
  readonly name: string;
  readonly weight: number;
  readonly maxWaitMs: number;
}

export interface Setting {
  readonly seed: number;
  /** First served first. */
  readonly tiers: readonly SettingTier[];
  readonly bands: BandTable;
  readonly dialect: SimulatedDialect;
  readonly limits: readonly LimitRule[];
  /** Share of each limit that is there at the start, 0 to 1: with 0 nobody lives off what was saved. */
  readonly initialShare: number;
  readonly margin: "auto" | number;
  readonly timing: Timing;
  /** Share of the limits that somebody else on the same account asks for, 0 to below 1. */
  readonly foreign: number;
  readonly instances: Instances;
}

/** Programs that share the account through one store. */
export interface Instances {
  readonly count: number;
  /** How wrong each one's clock is, milliseconds, by its place; the rest are right. */
  readonly clockOffsetsMs: readonly number[];
  /** One way between an instance and the store, milliseconds; with one instance there is no way. */
  readonly latencyMs: readonly [number, number];
}

export const ONE_INSTANCE: Instances = { count: 1, clockOffsetsMs: [], latencyMs: [0.2, 2] };

const WRONG_CLOCK_MS = 500;

/** Programs in one region, whose clocks are wrong by up to half a second either way. */
export function instancesFor(count: number, seed: number): Instances {
  if (count === 1) return ONE_INSTANCE;
  const random = createRandom(seed);
  const clockOffsetsMs = Array.from({ length: count }, () => WRONG_CLOCK_MS * (2 * random() - 1));
  return { ...ONE_INSTANCE, count, clockOffsetsMs };
}
