import { describe, expect, test } from "vitest";
import { endsOf, run, simulationOf, task } from "../../../../test/support/small-scenario.ts";
import type { LimitRule } from "../../../runtime/account/limit-meter.ts";
import { defaultPlace, minuteLimits, policyOf } from "../../load/place.ts";
import type { Setting } from "../../setting.ts";
import { START } from "../../world/world.ts";
import { Refusals } from "./refusals.ts";

const [sixRequests] = minuteLimits(6, 6_000);
const { bands } = policyOf(defaultPlace("openai").config);
/** Nothing is held back, so that times are exact. */
const BARE: Partial<Setting> = {
  margin: 0,
  bands: { ...bands, scheduler: { ...bands.scheduler, margin: 0, holdback: 0, guarantees: [] } },
};
const free = { tenant: "free", tier: 3, latency: "near-real-time" } as const;

function instances(clockOffsetsMs: readonly number[], latencyMs: readonly [number, number]) {
  return { ...BARE, instances: { count: 2, clockOffsetsMs, latencyMs, network: null } };
}

describe("Sluice", () => {
  test("sends what fits, spaced, and the rest exactly when it is there", () => {
    const tasks = Array.from({ length: 7 }, () => ({}));
    const { ends, provider } = run({ tasks, limits: [sixRequests], setting: BARE }, "sluice");
    expect(ends.map(([at]) => at)).toEqual([0, 0, 0, 0, 1_000, 2_000, 10_000]);
    expect(provider.refused429).toBe(0);
  });

  test("serves the first tier first, whoever came before and whatever was fair", () => {
    const tiers = policyOf(defaultPlace("openai").config).tiers.map((tier) => {
      return { ...tier, weight: 1 };
    });
    const tops = Array.from({ length: 3 }, () => ({ tenant: "top", atMs: 5_000 }));
    const tasks = [...Array.from({ length: 7 }, () => free), ...tops];
    const setting = { ...BARE, tiers };
    const { ends } = run({ tasks, limits: [sixRequests], setting }, "sluice");
    expect(ends.slice(7).map(([at]) => at)).toEqual([10_000, 20_000, 30_000]);
    expect(ends[6][1]).toBe("max_wait_exceeded");
  });

  test("waits for a place until a call has ended", () => {
    const onePlace: LimitRule = {
      ...sixRequests,
      dimension: "concurrency",
      amount: 1,
      perMs: null,
    };
    const { ends } = run({ tasks: [{}, {}, {}], limits: [onePlace], setting: BARE }, "sluice");
    expect(ends.map(([at]) => at)).toEqual([0, 1_100, 2_200]);
  });

  test("says at once what would wait too long", () => {
    const tasks = Array.from({ length: 12 }, () => free);
    const { ends } = run({ tasks, limits: [sixRequests], setting: BARE }, "sluice");
    expect(ends.filter(([, end]) => end === "max_wait_exceeded").map(([at]) => at)).toEqual([
      0, 0, 0,
    ]);
  });

  test("waits for the meter and not by itself when the provider has less than was thought", () => {
    const [, tokens] = minuteLimits(60, 6_000);
    const wish = { tasks: [{}, { atMs: 10 }], limits: [tokens], setting: BARE };
    const simulation = simulationOf(wish, "sluice");
    simulation.world.provider.admitForeign(task({ inputTokens: 6_000 }), 0, START);
    const ends = endsOf(simulation);
    expect(ends.map(([, end]) => end)).toEqual(["ok", "ok"]);
    expect(Math.min(...ends.map(([at]) => at))).toBeGreaterThanOrEqual(1_000);
    expect(simulation.world.provider.refused429).toBeLessThan(5);
  });
});

test("a refusal is final after ten of them", () => {
  const refusals = new Refusals(1);
  const refusal = { dimension: "tokens", retryAfter: 1_500 } as const;
  for (let count = 1; count <= 9; count++) refusals.verdictOn(0, refusal);
  expect(refusals.isFinal(0)).toBe(false);
  expect(refusals.verdictOn(0, refusal)).toMatchObject({ class: "quota", retryAfterMs: 2 });
  expect(refusals.isFinal(0)).toBe(true);
});

describe("Sluice in several programs", () => {
  const tasks = Array.from({ length: 9 }, (_, id) => ({ atMs: id * 100 }));

  test("needs the way to the store and back", () => {
    const setting = instances([], [1, 1]);
    const { ends } = run({ tasks: [{}], limits: [sixRequests], setting }, "sluice");
    expect(ends).toEqual([[2, "ok"]]);
  });

  test("does not depend on what its clocks say", () => {
    const historyWith = (offsets: readonly number[]) => {
      const setting = instances(offsets, [0.2, 2]);
      const simulation = simulationOf({ tasks, limits: [sixRequests], setting }, "sluice");
      endsOf(simulation);
      return simulation.world.history.fingerprint;
    };
    expect(historyWith([-500, 700])).toBe(historyWith([0, 0]));
  });

  test("never lets a task wait longer than it may", () => {
    const many = Array.from({ length: 40 }, () => free);
    const setting = instances([], [5, 50]);
    const { ends } = run({ tasks: many, limits: [sixRequests], setting }, "sluice");
    expect(Math.max(...ends.map(([at]) => at))).toBeLessThanOrEqual(30_000);
  });
});
