/** Small scenario: a few tasks in a world in which everything takes the same round time. */
import type { LimitRule } from "../../src/runtime/account/limit-meter.ts";
import { defaultPlace, minuteLimits, policyOf } from "../../src/simulator/load/place.ts";
import type { PolicyName } from "../../src/simulator/policies/policy.ts";
import type { Scenario } from "../../src/simulator/scenario.ts";
import { ONE_INSTANCE, type Setting } from "../../src/simulator/setting.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import { ENDS, TASK } from "../../src/simulator/world/history.ts";
import type { Timing } from "../../src/simulator/world/timing.ts";
import { START } from "../../src/simulator/world/world.ts";
import type { LoadTask, LoadTenant } from "../../src/workload/load.ts";

/** 50 ms each way, an answer in a second, its head after half of that. */
const ROUND_TIMING: Timing = {
  uplinkMs: [50, 50],
  downlinkMs: [50, 50],
  firstTokenMs: [500, 500],
  tokensPerSecond: [1_000_000, 1_000_000],
  serviceMs: [1_000, 1_000],
  streamedShare: 1,
  stamp: "admission",
};

/** Of one tenant of the first tier, 100 tokens, at 0. */
export function task(parts: Partial<LoadTask> = {}): LoadTask {
  const inputTokens = parts.inputTokens ?? 100;
  return {
    id: 0,
    atMs: 0,
    tenant: "t",
    tier: 0,
    latency: "real-time",
    inputTokens,
    outputTokens: 1,
    cost: inputTokens,
    model: null,
    after: null,
    ...parts,
  };
}

export interface SmallWish {
  readonly tasks: readonly Partial<LoadTask>[];
  /** @default 60 requests and 60,000 tokens a minute, all there at the start */
  readonly limits?: readonly LimitRule[];
  readonly setting?: Partial<Setting>;
  readonly seconds?: number;
}

export function smallScenario({ tasks, limits, setting, seconds = 100 }: SmallWish): Scenario {
  const numbered = tasks.map((parts, id) => task({ ...parts, id }));
  const whole: Setting = {
    ...policyOf(defaultPlace("openai").config),
    seed: 1,
    dialect: "openai",
    limits: limits ?? minuteLimits(60, 60_000),
    initialShare: 1,
    timing: ROUND_TIMING,
    foreign: 0,
    instances: ONE_INSTANCE,
    ...setting,
  };
  const load = { tasks: numbered, tenants: tenantsOf(numbered), seconds, measuredFromMs: 0 };
  return { load, setting: whole, scale: 1, source: "small" };
}

function tenantsOf(tasks: readonly LoadTask[]): LoadTenant[] {
  const tiers = new Map(tasks.map(({ tenant, tier }) => [tenant, tier]));
  return [...tiers].map(([name, tier]) => ({ name, tier, weight: 1 }));
}

/** How each task ended and when, milliseconds after the start: `[1000, "ok"]`. */
export function endsOf(simulation: Simulation): (readonly [number, string])[] {
  while (!simulation.advance(1_000));
  const { history, tasks } = simulation.world;
  return tasks.map(({ id }) => {
    const at = (history.waitedUntil[id] - START) / 1_000;
    return [at, history.state[id] === TASK.ok ? "ok" : ENDS[history.end[id]]] as const;
  });
}

export function simulationOf(wish: SmallWish, policy: PolicyName): Simulation {
  return new Simulation(smallScenario(wish), policy, { isJudged: true });
}

export function run(wish: SmallWish, policy: PolicyName) {
  const simulation = simulationOf(wish, policy);
  const ends = endsOf(simulation);
  return { ends, simulation, provider: simulation.world.provider };
}
