/** Many instances: what must hold where up to a hundred programs share one store over a network; the seed is in each name. */
import { describe, expect, test } from "vitest";
import { redisOver } from "../../src/simulator/setting.ts";
import type { Simulation } from "../../src/simulator/simulation.ts";
import { TASK } from "../../src/simulator/world/history.ts";
import { figuresOfShared, runShared } from "../support/shared-world.ts";

const REGION = redisOver({ medianMs: 2, p99Ms: 10 });

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
    const simulation = await runShared(wish);
    const { upstream429, budgetUsed, jain, inversions, tiers } = figuresOfShared(simulation);
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
    const { traffic, world } = await runShared(wish);
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
    const simulation = await runShared(wish);
    const { upstream429, inversions } = figuresOfShared(simulation);
    expect(simulation.traffic?.lost).toBeGreaterThan(0);
    expect({ upstream429, inversions }).toEqual({ upstream429: 0, inversions: 0 });
    checkEnds(simulation);
  });

  test("have the same history each time", { timeout: 60_000 }, async () => {
    const [first, again] = [await runShared(wish), await runShared(wish)];
    expect(first.world.history.fingerprint).toBe(again.world.history.fingerprint);
  });
});
