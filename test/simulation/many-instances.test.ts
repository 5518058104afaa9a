/** Many instances: what must hold where up to a hundred programs share one store over a network; the seed is in each name. */
import { describe, expect, test } from "vitest";
import { defaultPlace } from "../../src/simulator/load/place.ts";
import { prepare } from "../../src/simulator/load/prepare.ts";
import { figuresFrom, resultsOf } from "../../src/simulator/outcome.ts";
import { instancesFor, redisOver, type StoreNetwork } from "../../src/simulator/setting.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import { TASK } from "../../src/simulator/world/history.ts";
import { createRandom } from "../../src/workload/random.ts";
import type { TraceRow } from "../../src/workload/trace-row.ts";

const TENANTS = 20;
const REGION = redisOver({ medianMs: 2, p99Ms: 10 });

interface Wish {
  readonly seed: number;
  readonly instances: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly network: StoreNetwork;
}

function rowsOf({ seed, seconds, perSecond }: Wish): TraceRow[] {
  const random = createRandom(seed);
  const rows: TraceRow[] = [];
  let atSeconds = 0;
  while (atSeconds < seconds) {
    atSeconds -= Math.log(1 - random()) / perSecond;
    rows.push({
      atSeconds,
      client: `tenant-${Math.floor(TENANTS * random() ** 2)}`,
      inputTokens: 50 + Math.floor(1_500 * random() ** 3),
      outputTokens: 20 + Math.floor(400 * random() ** 2),
    });
  }
  return rows;
}

async function run(wish: Wish): Promise<Simulation> {
  const { seed, instances, network } = wish;
  const recording = { kind: "requests", rows: rowsOf(wish) } as const;
  const scenario = prepare(recording, defaultPlace("openai"), {
    ...{ seed, scale: 3, speed: null, seconds: null, foreign: 0, source: "random" },
    instances: instancesFor(instances, seed, network),
  });
  const simulation = new Simulation(scenario, "sluice", { isJudged: true });
  while (!(await simulation.advanceInTurns(10_000)));
  return simulation;
}

function figuresOf(simulation: Simulation) {
  return figuresFrom(simulation, resultsOf(simulation.world));
}

/** Each has ended once, and none has waited longer than it may. */
function checkEnds({ world, scenario }: Simulation): void {
  const { history, tasks } = world;
  for (const { id, tier } of tasks) {
    expect([TASK.ok, TASK.refused], `task ${id}`).toContain(history.state[id]);
    if (history.state[id] !== TASK.ok) continue;
    const wait = history.waitedUntil[id] - history.arrivedAt[id];
    const most = scenario.setting.tiers[tier].maxWaitMs * 1_000;
    expect(wait, `wait of task ${id}`).toBeLessThanOrEqual(most);
  }
}

describe("a hundred instances over one store, seed 1", () => {
  test("use all there is in the order of classes and fairly, and are never refused", {
    timeout: 60_000,
  }, async () => {
    const wish = { seed: 1, instances: 100, seconds: 40, perSecond: 200, network: REGION };
    const simulation = await run(wish);
    const { upstream429, budgetUsed, jain, inversions, tiers } = figuresOf(simulation);
    expect({ upstream429, inversions }).toEqual({ upstream429: 0, inversions: 0 });
    expect(budgetUsed).toBeGreaterThan(0.99);
    expect(jain).toBeGreaterThanOrEqual(0.99);
    expect(tiers.critical.ok).toBe(tiers.critical.count);
    expect(tiers.critical.waitMs.p99).toBeLessThan(1_000);
    checkEnds(simulation);
  });

  test("step no more often than a heartbeat and their own requests make them", {
    timeout: 60_000,
  }, async () => {
    const wish = { seed: 1, instances: 100, seconds: 20, perSecond: 100, network: REGION };
    const { traffic, world } = await run(wish);
    const granted = world.tasks.filter(({ id }) => world.history.state[id] === TASK.ok).length;
    const seconds = (world.now - world.history.arrivedAt[0]) / 1_000_000;
    const heartbeats = 100 * 5 * seconds;
    // Queueing, the grant, fresh levels for the answer, the settlement.
    expect(traffic?.steps).toBeLessThan(heartbeats + 6 * world.tasks.length + 4 * granted);
  });
});

describe.each([1, 2, 3])("instances whose network is bad, seed %d", (seed) => {
  const network = {
    ...redisOver({ medianMs: 5, p99Ms: 100 }),
    lossShare: 0.005,
    outages: [{ atMs: 6_000, forMs: 3_000 }],
  };
  const wish = { seed, instances: 12, seconds: 20, perSecond: 60, network };

  test("lose and count nothing twice", { timeout: 60_000 }, async () => {
    const simulation = await run(wish);
    const { upstream429, inversions } = figuresOf(simulation);
    expect(simulation.traffic?.lost).toBeGreaterThan(0);
    expect({ upstream429, inversions }).toEqual({ upstream429: 0, inversions: 0 });
    checkEnds(simulation);
  });

  test("have the same history each time", { timeout: 60_000 }, async () => {
    const [first, again] = [await run(wish), await run(wish)];
    expect(first.world.history.fingerprint).toBe(again.world.history.fingerprint);
  });
});
