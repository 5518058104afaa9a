/** Prepare: from a recorded load and wishes to a scenario: who sends what, when, and under which limits. */
import { SluiceError } from "../../core/errors.ts";
import type { LoadTask } from "../../workload/load.ts";
import { createRandom } from "../../workload/random.ts";
import type { Recording } from "../../workload/read-recording.ts";
import type { Scenario } from "../scenario.ts";
import type { Instances, Setting } from "../setting.ts";
import type { Prices } from "../standing.ts";
import { USUAL_TIMING } from "../world/timing.ts";
import { castTasks } from "./cast.ts";
import { type PaceWish, scaleOf } from "./pace.ts";
import { minuteLimits, type Place, policyOf } from "./place.ts";
import { type Timed, timedTasks } from "./timed.ts";

export interface ScenarioWish extends PaceWish {
  readonly seed: number;
  /** Share of the limits that somebody else asks for. */
  readonly foreign: number;
  readonly instances: Instances;
  /** For people, e.g. the trace's file name. */
  readonly source: string;
}

/** Buckets, queues and what is learned need so long to settle; of short runs the first fifth. */
const WARM_UP_SECONDS = 60;
const WARM_UP_SHARE = 0.2;
const MINUTE_SECONDS = 60;
/** What fits into memory, at some hundred bytes each. */
const MOST_TASKS = 5_000_000;

/** @throws SluiceError `invalid_request` when the recording holds too little or too much. */
export function prepare(recording: Recording, place: Place, wish: ScenarioWish): Scenario {
  const random = createRandom(wish.seed);
  const timed = timedTasks(recording, place, wish, random);
  const { seconds } = timed;
  check(timed, wish.source);
  const { tasks, tenants } = castTasks(timed.tasks, place.config, random);
  const setting = settingOf(tasks, seconds, place, wish);
  const measuredFromMs = 1_000 * Math.min(WARM_UP_SECONDS, seconds * WARM_UP_SHARE);
  const load = { tasks, tenants, seconds, measuredFromMs };
  return { load, setting, scale: scaleOf(tasks, setting, seconds), source: wish.source };
}

function settingOf(
  tasks: readonly LoadTask[],
  seconds: number,
  { config, dialect, limits }: Place,
  { seed, scale, foreign, instances }: ScenarioWish,
): Setting {
  const policy = policyOf(config);
  const prices: Prices = {
    seed,
    dialect,
    limits: limits ?? limitsFor(tasks, seconds, scale),
    timing: USUAL_TIMING,
  };
  const isBuckets = prices.limits.every(
    ({ window, perMs }) => window === "bucket" || perMs === null,
  );
  return {
    ...policy,
    ...prices,
    // A window of the clock begins whole.
    initialShare: isBuckets ? policy.initialShare : 1,
    foreign,
    instances,
  };
}

function limitsFor(tasks: readonly LoadTask[], seconds: number, scale: number) {
  const demand = tasks.reduce((sum, { cost }) => sum + cost, 0);
  const minutes = (scale * seconds) / MINUTE_SECONDS;
  return minuteLimits(tasks.length / minutes, demand / minutes);
}

function check({ tasks, seconds }: Timed, source: string): void {
  if (tasks.length > 0 && tasks.length <= MOST_TASKS && seconds > 0) return;
  const found = `${tasks.length} request${tasks.length === 1 ? "" : "s"} in ${seconds} s`;
  const allowed = `1 to ${MOST_TASKS} requests in more than 0 s`;
  throw new SluiceError("invalid_request", `${source}: found ${found}; allowed: ${allowed}`);
}
