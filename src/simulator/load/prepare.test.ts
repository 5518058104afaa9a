import { describe, expect, test } from "vitest";
import { loadConfig } from "../../config/index.ts";
import type { TraceRow } from "../../workload/trace-row.ts";
import { ONE_INSTANCE } from "../setting.ts";
import { configuredPlace } from "./configured-place.ts";
import { defaultPlace, type Place } from "./place.ts";
import { prepare, type ScenarioWish } from "./prepare.ts";

/** One request a second, of 100 tokens. */
function evenRows(count: number, clients = 0): TraceRow[] {
  return Array.from({ length: count }, (_, index) => ({
    atSeconds: index,
    client: clients === 0 ? null : `c${index % clients}`,
    inputTokens: 100,
    outputTokens: 10,
  }));
}

function wish(parts: Partial<ScenarioWish> = {}): ScenarioWish {
  const nulls = { speed: null, seconds: null };
  return {
    ...nulls,
    seed: 1,
    scale: 3,
    foreign: 0,
    instances: ONE_INSTANCE,
    source: "t.csv",
    ...parts,
  };
}

function scenario(rows: readonly TraceRow[], parts: Partial<ScenarioWish> = {}, place?: Place) {
  return prepare({ kind: "requests", rows }, place ?? defaultPlace("openai"), wish(parts));
}

function configured(limits: readonly object[], more: object = {}): Place {
  const upstream = { dialect: "openai", base_url: "https://x.test/v1", limits };
  const loaded = loadConfig({ object: { upstreams: { one: upstream }, ...more }, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return configuredPlace(loaded.config, "c.yaml");
}

describe("without a configuration", () => {
  test("limits are the trace's mean over the scale, so that demand is that many times as much", () => {
    const { setting, scale, load } = scenario(evenRows(3_001));
    expect(load.seconds).toBe(3_000);
    expect(load.tasks).toHaveLength(3_001);
    expect(setting.limits.map(({ amount }) => amount)).toEqual([20, 2_001]);
    expect(scale).toBeCloseTo(3, 2);
  });

  test("who names no client is one of twenty, of which the first is the loudest", () => {
    const { load } = scenario(evenRows(5_000));
    const count = (name: string) => load.tasks.filter(({ tenant }) => tenant === name).length;
    expect(load.tenants).toHaveLength(20);
    expect(count("tenant-1")).toBeGreaterThan(10 * count("tenant-20"));
  });

  test("tiers hold at most 5, 15 and 30 % of the demand, the last one the rest", () => {
    for (const seed of [1, 2, 3]) {
      const { load } = scenario(evenRows(4_000, 80), { seed });
      const shares = [0, 1, 2, 3].map(
        (tier) => load.tasks.filter((task) => task.tier === tier).length / load.tasks.length,
      );
      [0.05, 0.15, 0.3].forEach((most, tier) => {
        expect(shares[tier]).toBeLessThanOrEqual(most + 1e-9);
        expect(shares[tier]).toBeGreaterThan(most - 0.015);
      });
    }
  });

  test("the first tier is urgent, a part of the last is batch work", () => {
    const { tasks } = scenario(evenRows(4_000, 80)).load;
    const classes = (tier: number) =>
      new Set(tasks.filter((t) => t.tier === tier).map((t) => t.latency));
    expect([...classes(0)]).toEqual(["real-time"]);
    expect([...classes(1)]).toEqual(["near-real-time"]);
    expect(classes(3)).toEqual(new Set(["near-real-time", "batch"]));
  });

  test("--speed divides the spacing, --seconds cuts a slice", () => {
    const fast = scenario(evenRows(1_001), { speed: 10 });
    expect([fast.load.seconds, fast.load.tasks.length]).toEqual([100, 1_001]);
    const cut = scenario(evenRows(1_001), { speed: 10, seconds: 20 });
    expect([cut.load.seconds, cut.load.tasks.length]).toEqual([20, 200]);
    expect(cut.scale).toBeCloseTo(3, 2);
  });

  test("the same seed makes the same scenario, another one another", () => {
    const tasksOf = (seed: number) => scenario(evenRows(500), { seed }).load.tasks;
    expect(tasksOf(5)).toEqual(tasksOf(5));
    expect(tasksOf(5)).not.toEqual(tasksOf(6));
  });

  test("a single moment is refused", () => {
    expect(() => scenario(evenRows(1))).toThrow(/^t\.csv: found 1 request in 0 s; allowed: 1 to/);
  });
});

describe("with a configuration", () => {
  test("arrivals come so fast that they ask for the scale times the limit that binds", () => {
    const { load, setting, scale } = scenario(
      evenRows(1_001),
      {},
      configured([{ rpm: 600, tpm: "1M" }]),
    );
    expect(setting.limits.map(({ amount }) => amount)).toEqual([600, 1_000_000]);
    expect(load.seconds).toBeCloseTo(1_001 / 30, 2);
    expect(scale).toBeCloseTo(3, 2);
  });

  test("a slice is as long as it should be and asks for as much", () => {
    const place = configured([{ rpm: 600 }]);
    const { load, scale } = scenario(evenRows(2_000), { seconds: 20 }, place);
    expect(load.seconds).toBe(20);
    expect(Math.abs(load.tasks.length - 600)).toBeLessThanOrEqual(1);
    expect(scale).toBeCloseTo(3, 1);
  });

  test("at a given speed the limits stay, and the scale is what comes of it", () => {
    const { scale } = scenario(evenRows(1_001), { speed: 1 }, configured([{ rpm: 600 }]));
    expect(scale).toBeCloseTo(0.1, 2);
  });

  test("tenants it names have their tier and weight, tiers are its own", () => {
    const tiers = { gold: { weight: 5, max_wait: "5s" }, rest: { weight: 1 } };
    const more = {
      tiers,
      defaults: { tier: "rest" },
      tenants: { c0: { tier: "gold", weight: 3 } },
    };
    const { load, setting } = scenario(evenRows(400, 4), {}, configured([{ rpm: 600 }], more));
    expect(setting.tiers.map(({ name }) => name)).toEqual(["gold", "rest"]);
    expect(setting.tiers[0]).toMatchObject({ weight: 5, maxWaitMs: 5_000 });
    expect(load.tenants.find(({ name }) => name === "c0")).toMatchObject({ tier: 0, weight: 3 });
  });

  test("limits of a model bind where an alias leads to it", () => {
    const models = { smart: [{ upstream: "one", model: "gpt-5-mini" }] };
    const place = configured([{ rpm: 600 }, { model: "gpt-5*", rpm: 60 }], { models });
    expect(place.modelOf("unknown")).toBe("gpt-5-mini");
    expect(place.modelOf("gpt-5-large")).toBe("gpt-5-large");
    const { load } = scenario(evenRows(601), {}, place);
    expect(load.seconds).toBeCloseTo(601 / 3, 0);
  });

  test("windows of the clock begin whole, buckets at what is never spent", () => {
    const window = { requests: { amount: 100, per: "10s", window: "sliding" } };
    expect(scenario(evenRows(400), {}, configured([window])).setting.initialShare).toBe(1);
    expect(scenario(evenRows(400)).setting.initialShare).toBeCloseTo(0.15, 9);
  });

  test("without a limit that can be simulated is refused by name", () => {
    expect(() => configured([{ usd_per_day: 5 }])).toThrow(
      /^c\.yaml: upstreams: found one without limits that can be simulated; allowed: at least/,
    );
  });
});
