/** Setting: everything about a simulated world but its load. */

import type { LimitRule } from "../runtime/account/limit-meter.ts";
import type { BandTable } from "../runtime/policy/bands.ts";
import { createRandom } from "../workload/random.ts";
import type { Latency } from "./policies/shared/log-normal.ts";
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
  /** The programs' own side of a shared store is at work, over this network; null: it is left out. */
  readonly network: StoreNetwork | null;
}

/** What is between the programs and their store, and how fast it is. */
export interface StoreNetwork {
  /** There and back; each way takes half of it. */
  readonly roundTrip: Latency;
  /** Messages that are lost, each way, 0 to below 1. */
  readonly lossShare: number;
  /** Times in which nothing gets through, from the start of the run. */
  readonly outages: readonly { readonly atMs: number; readonly forMs: number }[];
  /** What a step costs the store's one thread, and each operation in it, microseconds. */
  readonly stepMicros: number;
  readonly operationMicros: number;
}

export const ONE_INSTANCE: Instances = {
  count: 1,
  clockOffsetsMs: [],
  latencyMs: [0.2, 2],
  network: null,
};

const WRONG_CLOCK_MS = 500;

/** Programs in one region, whose clocks are wrong by up to half a second either way. */
export function instancesFor(
  count: number,
  seed: number,
  network: StoreNetwork | null = null,
): Instances {
  if (count === 1) return { ...ONE_INSTANCE, network };
  const random = createRandom(seed);
  const clockOffsetsMs = Array.from({ length: count }, () => WRONG_CLOCK_MS * (2 * random() - 1));
  return { ...ONE_INSTANCE, count, clockOffsetsMs, network };
}

/** Measured by `npm run bench -- instances`; see docs/scale.md. */
const REDIS_STEP_MICROS = 140;
const REDIS_OPERATION_MICROS = 80;

/** A Redis that is well, at the end of such a network. */
export function redisOver(roundTrip: Latency): StoreNetwork {
  return {
    ...{ roundTrip, lossShare: 0, outages: [] },
    stepMicros: REDIS_STEP_MICROS,
    operationMicros: REDIS_OPERATION_MICROS,
  };
}
