/** Random worlds: what must hold under any load, limits and timing; a failure prints its seed. */
import { describe, expect, test } from "vitest";
import type { LimitRule } from "../../src/runtime/account/limit-meter.ts";
import { defaultPlace, minuteLimits } from "../../src/simulator/load/place.ts";
import { prepare } from "../../src/simulator/load/prepare.ts";
import { POLICIES, type PolicyName } from "../../src/simulator/policies/policy.ts";
import { amountTaken } from "../../src/simulator/provider/rules.ts";
import type { Scenario } from "../../src/simulator/scenario.ts";
import { instancesFor, type Setting } from "../../src/simulator/setting.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import { TASK } from "../../src/simulator/world/history.ts";
import { createRandom, drawIndex, type Random } from "../../src/workload/random.ts";
import type { TraceRow } from "../../src/workload/trace-row.ts";

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);
const SECOND = 1_000_000;
/** A refused attempt's way there and back: its time at the provider is no wait. */
const ROUND_TRIP = 0.16 * SECOND;
const ATTEMPTS = 10;

function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** Bursts and lulls, small requests and some large ones. */
function rowsFrom(random: Random): TraceRow[] {
  let atSeconds = 0;
  let pace = 1;
  return Array.from({ length: between(random, 200, 1_500) }, () => {
    if (random() < 0.02) pace = 0.1 + 3 * random();
    atSeconds += -Math.log(1 - random()) * 0.2 * pace;
    return {
      atSeconds,
      client: random() < 0.5 ? "loud" : `c${between(random, 1, 15)}`,
      inputTokens: between(random, 1, random() < 0.05 ? 4_000 : 600),
      outputTokens: between(random, 1, 400),
    };
  });
}

function limitsFrom(random: Random, scenario: Scenario): LimitRule[] {
  const [requests, tokens] = scenario.setting.limits;
  const places: LimitRule = {
    ...minuteLimits(1, 1)[0],
    dimension: "concurrency",
    amount: between(random, 20, 60),
    perMs: null,
  };
  const window = { ...requests, window: "sliding" } as const;
  return [[requests, tokens], [tokens], [requests, tokens, places], [window, tokens]][
    between(random, 0, 3)
  ] as LimitRule[];
}

function worldFrom(seed: number, changes: Partial<Setting> = {}): Scenario {
  const random = createRandom(seed);
  const dialect = (["openai", "anthropic", "generic"] as const)[drawIndex(random, [2, 1, 1])];
  const scenario = prepare({ kind: "requests", rows: rowsFrom(random) }, defaultPlace(dialect), {
    seed,
    scale: 0.5 + 3 * random(),
    speed: null,
    seconds: null,
    foreign: 0,
    instances: instancesFor(between(random, 1, 3), seed),
    source: "random",
  });
  const limits = limitsFrom(random, scenario);
  const initialShare = limits.every(({ window }) => window === "bucket") ? 0.15 : 1;
  return { ...scenario, setting: { ...scenario.setting, limits, initialShare, ...changes } };
}

function runOf(scenario: Scenario, policy: PolicyName): Simulation {
  const simulation = new Simulation(scenario, policy, { isJudged: true });
  while (!simulation.advance(10_000));
  return simulation;
}

/** Every task has ended once, none waited longer than it may, and all that was charged was served. */
function checkEnds({ world, scenario }: Simulation): void {
  const { history, tasks, provider } = world;
  const { tiers } = scenario.setting;
  for (const { id, tier } of tasks) {
    expect([TASK.ok, TASK.refused], `task ${id}`).toContain(history.state[id]);
    const wait = history.waitedUntil[id] - history.arrivedAt[id];
    const most = tiers[tier].maxWaitMs * 1_000 + ATTEMPTS * ROUND_TRIP;
    expect(wait, `wait of task ${id}`).toBeGreaterThanOrEqual(0);
    expect(wait, `wait of task ${id}`).toBeLessThanOrEqual(most);
  }
  const { charged } = provider.books(world.now);
  provider.allowances.forEach(({ label: { dimension } }, place) => {
    if (dimension !== "tokens") return;
    const served = tasks.filter(({ id }) => history.state[id] === TASK.ok);
    const sum = served.reduce((all, task) => all + amountTaken(provider.rules, task, dimension), 0);
    expect(charged[place]).toBeCloseTo(sum, 3);
  });
}

describe.each(SEEDS)("the world of seed %d", (seed) => {
  test.each(POLICIES)("ends every task once and in time under %s", (policy) => {
    checkEnds(runOf(worldFrom(seed), policy));
  });

  test("sees no inversion by Sluice, no refusal beyond 0.1 %, and no wait beyond the max wait", () => {
    const { world, inversions, scenario } = runOf(worldFrom(seed), "sluice");
    const { requests, refused429 } = world.provider;
    expect(inversions).toBe(0);
    expect(refused429).toBeLessThanOrEqual(0.001 * requests);
    if (refused429 > 0) return;
    for (const { id, tier } of world.tasks) {
      const wait = world.history.waitedUntil[id] - world.history.arrivedAt[id];
      expect(wait).toBeLessThanOrEqual(scenario.setting.tiers[tier].maxWaitMs * 1_000);
    }
  });

  test("is the same to the bit each time, and another one with another seed", () => {
    const historyOf = (setting: Partial<Setting>) =>
      POLICIES.map((policy) => runOf(worldFrom(seed, setting), policy).world.history.fingerprint);
    expect(historyOf({})).toEqual(historyOf({}));
    expect(historyOf({ seed: seed + 100 })).not.toEqual(historyOf({}));
  });

  test("ends every task once and in time when others take a third", () => {
    for (const policy of POLICIES) {
      const { world } = runOf(worldFrom(seed, { foreign: 0.33 }), policy);
      const isOpen = world.tasks.some(({ id }) => world.history.state[id] === TASK.pending);
      expect(isOpen).toBe(false);
    }
  });
});
