import { describe, expect, test } from "vitest";
import { loadConfig } from "../../config/index.ts";
import { LATENCY_CLASSES } from "../../core/task.ts";
import { bandTable } from "./bands.ts";

const UPSTREAMS = { it: { dialect: "openai", base_url: "http://127.0.0.1:1" } };
const TIERS = { gold: { guarantee: 0.2 }, tin: {} };

function tableOf(policy: object, tiers: object = TIERS) {
  const loaded = loadConfig({ object: { upstreams: UPSTREAMS, tiers, policy }, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return bandTable(loaded.config);
}

function bandsOf(policy: object): string[] {
  return tableOf(policy).scheduler.bands.map(({ tier, latency }) => `${tier} ${latency}`);
}

describe("bands", () => {
  test("by tier, then latency; batch of any tier last", () => {
    expect(bandsOf({})).toEqual([
      "gold real-time",
      "gold near-real-time",
      "tin real-time",
      "tin near-real-time",
      "gold batch",
      "tin batch",
    ]);
  });

  test("batch in its tier's place, if it is not last", () => {
    expect(bandsOf({ batch_last: false })).toEqual([
      "gold real-time",
      "gold near-real-time",
      "gold batch",
      "tin real-time",
      "tin near-real-time",
      "tin batch",
    ]);
  });

  test("by latency, then tier", () => {
    expect(bandsOf({ order: ["latency", "tier"] })).toEqual([
      "gold real-time",
      "tin real-time",
      "gold near-real-time",
      "tin near-real-time",
      "gold batch",
      "tin batch",
    ]);
  });

  test.each<[object, string[]]>([
    [{ order: ["latency"] }, ["gold+tin real-time", "gold+tin near-real-time", "gold+tin batch"]],
    [
      { order: ["tier"] },
      ["gold real-time+near-real-time", "tin real-time+near-real-time", "gold batch", "tin batch"],
    ],
    [{ order: [] }, ["gold+tin real-time+near-real-time", "gold+tin batch"]],
    [{ order: [], batch_last: false }, ["gold+tin real-time+near-real-time+batch"]],
  ])("%o: what is not in the order shares a band", (policy, bands) => {
    expect(bandsOf(policy)).toEqual(bands);
  });

  test.each([{}, { order: ["latency"] }, { order: [] }, { batch_last: false }])(
    "%o: every tier and class has the band that is named after it",
    (policy) => {
      const { scheduler, indexOf } = tableOf(policy);
      for (const tier of ["gold", "tin"]) {
        for (const latency of LATENCY_CLASSES) {
          const band = scheduler.bands[indexOf(tier, latency)];
          expect(band.tier.split("+")).toContain(tier);
          expect(band.latency.split("+")).toContain(latency);
        }
      }
    },
  );

  test("a tier that is gone is served last", () => {
    const { scheduler, indexOf } = tableOf({});
    expect(indexOf("gone", "real-time")).toBe(scheduler.bands.length - 1);
  });

  test("eleven tiers stay in the order in which they are written", () => {
    const names = Array.from({ length: 11 }, (_, i) => `tier-${i}`);
    const tiers = Object.fromEntries(names.map((name) => [name, {}]));
    const { scheduler } = tableOf({ order: ["tier"] }, tiers);
    expect(scheduler.bands.slice(0, 11).map(({ tier }) => tier)).toEqual(names);
  });
});

describe("guarantees", () => {
  const guaranteesOf = (policy: object) => tableOf(policy).scheduler.guarantees;
  const SHARES = { latency_guarantee: { "near-real-time": 0.1, batch: 0.05 } };

  test("of tiers and classes are for all their bands, best first", () => {
    expect(guaranteesOf(SHARES)).toEqual([
      { label: "gold", share: 0.2, bands: [0, 1, 4] },
      { label: "near-real-time", share: 0.1, bands: [1, 3] },
      { label: "batch", share: 0.05, bands: [4, 5] },
    ]);
  });

  test("that would be shared with others are left to the weights", () => {
    expect(guaranteesOf({ ...SHARES, order: ["latency"] })).toEqual([
      { label: "near-real-time", share: 0.1, bands: [1] },
      { label: "batch", share: 0.05, bands: [2] },
    ]);
    expect(guaranteesOf({ ...SHARES, order: [], batch_last: false })).toEqual([]);
  });
});

test("the rest of the policy is passed on", () => {
  const policy = { holdback: 0.02, margin: 0.07, queue: { max_waiting: 7 } };
  expect(tableOf(policy).scheduler).toMatchObject({ holdback: 0.02, margin: 0.07, maxWaiting: 7 });
  expect(tableOf({}).scheduler.margin).toBe(0.1);
});
