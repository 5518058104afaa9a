import { describe, expect, test } from "vitest";
import { MICRO_UNITS } from "../../core/meter/meter.ts";
import { Scheduler } from "../../core/scheduler/scheduler.ts";
import type { LimitRule } from "./limit-meter.ts";
import { type CallTarget, LimitTable } from "./limit-table.ts";

const T0 = 1_000_000_000;
const ALL = { models: null, project: null, key: null, each: false };

function rule(
  parts: Partial<LimitRule> = {},
  selector: Partial<LimitRule["selector"]> = {},
): LimitRule {
  return {
    selector: { ...ALL, ...selector },
    dimension: "requests",
    amount: 10,
    perMs: 3_600_000,
    window: "bucket",
    resetsAt: null,
    timeZone: null,
    ...parts,
  };
}

function schedulerAt(now: number): Scheduler {
  const bands = [{ tier: "only", latency: "real-time" }];
  return new Scheduler({ bands, guarantees: [], holdback: 0, margin: 0, maxWaiting: 10 }, now);
}

const target = (model: string | null, credential: CallTarget["credential"] = null): CallTarget => ({
  model,
  credential,
});

/** What the meters of a target count over. */
function selectorsOf(table: LimitTable, one: CallTarget): string[] {
  return table.pathFor(one, schedulerAt(T0), T0).meters.map(({ label }) => label.selector);
}

const levels = (table: LimitTable, now = T0) =>
  table.meters.map((meter) => meter.level(now) / MICRO_UNITS);

describe("a path", () => {
  const table = new LimitTable(
    [
      rule(),
      rule({}, { models: ["gpt-5*", "o3"] }),
      rule({}, { models: ["gpt-*"], each: true }),
      rule({}, { project: "p1" }),
      rule({}, { key: "prod" }),
      rule({}, { models: ["gpt-5"], key: "prod" }),
    ],
    1,
    T0,
  );
  const prod = { name: "prod", project: "p1" };

  test.each<[CallTarget, string[]]>([
    [target(null), ["account"]],
    [target("claude"), ["account"]],
    [target("o3"), ["account", "model:gpt-5*,o3"]],
    [target("gpt-4"), ["account", "model:gpt-4"]],
    [target("gpt-5"), ["account", "model:gpt-5*,o3", "model:gpt-5"]],
    [
      target("gpt-5", prod),
      [
        "account",
        "model:gpt-5*,o3",
        "model:gpt-5",
        "project:p1",
        "key:prod",
        "model:gpt-5 key:prod",
      ],
    ],
    [target(null, { name: "dev", project: "p1" }), ["account", "project:p1"]],
    [target(null, { name: "test", project: null }), ["account"]],
  ])("%o runs over %o", (one, selectors) => {
    expect(selectorsOf(table, one)).toEqual(selectors);
  });

  test("is the same for all that need the same meters, and remembered", () => {
    const scheduler = schedulerAt(T0);
    const fresh = new LimitTable([rule(), rule({}, { models: ["gpt-5"] })], 1, T0);
    const claude = fresh.pathFor(target("claude"), scheduler, T0);
    expect(fresh.pathFor(target("gemini"), scheduler, T0)).toBe(claude);
    expect(fresh.pathFor(target("claude"), scheduler, T0)).toBe(claude);
    expect(fresh.pathFor(target("gpt-5"), scheduler, T0)).not.toBe(claude);
    expect(fresh.paths).toHaveLength(2);
  });

  test("names of clients do not fill the memory", () => {
    const scheduler = schedulerAt(T0);
    const each = new LimitTable([rule(), rule({}, { models: ["*"], each: true })], 1, T0);
    for (let i = 0; i < 5_000; i++) each.pathFor(target(`model-${i}`), scheduler, T0);
    // Beyond the bound the strangers share one meter.
    expect(each.meters.length).toBeLessThanOrEqual(501);
    expect(selectorsOf(each, target("model-9999"))).toEqual(["account", "model:*"]);
    expect(each.paths.length).toBeLessThanOrEqual(501);
  });
});

describe("meters", () => {
  test("begin to fill at once, not with their first request", () => {
    const table = new LimitTable([rule({ perMs: 1_000 }), rule({}, { models: ["m"] })], 0, T0);
    expect(levels(table, T0)).toEqual([0, 0]);
    expect(levels(table, T0 + 500_000)[0]).toBeCloseTo(5, 5);
  });

  test("for each model are made when it is first asked for, with the share they start with", () => {
    const table = new LimitTable([rule({}, { models: ["*"], each: true })], 0.5, T0);
    expect(table.meters).toHaveLength(0);
    table.pathFor(target("a"), schedulerAt(T0), T0);
    table.pathFor(target("b"), schedulerAt(T0), T0);
    expect(table.meters.map(({ label }) => label.selector)).toEqual(["model:a", "model:b"]);
    expect(levels(table)).toEqual([5, 5]);
  });
});

describe("other limits", () => {
  test("keep the level of what is still the same limit", () => {
    const table = new LimitTable([rule(), rule({ dimension: "tokens" })], 1, T0);
    table.meters[0].debit(4 * MICRO_UNITS, T0);
    table.meters[1].debit(4 * MICRO_UNITS, T0);
    table.replace([rule({ dimension: "tokens", amount: 20 }), rule({ amount: 5 })], T0);
    const byName = Object.fromEntries(
      table.meters.map((meter) => [meter.label.dimension, meter.level(T0) / MICRO_UNITS]),
    );
    expect(byName).toEqual({ requests: 5, tokens: 6 });
  });

  test.each<[string, LimitRule]>([
    ["another window", rule({ perMs: 60_000 })],
    ["another kind of window", rule({ window: "sliding" })],
    ["another dimension", rule({ dimension: "tokens" })],
    ["another selector", rule({}, { models: ["m"] })],
  ])("%s is another limit, and begins anew", (_, next) => {
    const table = new LimitTable([rule()], 1, T0);
    table.meters[0].debit(4 * MICRO_UNITS, T0);
    table.replace([next], T0);
    expect(levels(table)).toEqual([10]);
  });

  test("of two that are alike each keeps its own level", () => {
    const table = new LimitTable([rule({ amount: 10 }), rule({ amount: 20 })], 1, T0);
    table.meters[1].debit(4 * MICRO_UNITS, T0);
    table.replace([rule({ amount: 10 }), rule({ amount: 30 })], T0);
    expect(levels(table)).toEqual([10, 16]);
  });

  test("forget the meters of what is gone, and the paths of before", () => {
    const scheduler = schedulerAt(T0);
    const table = new LimitTable([rule(), rule({}, { models: ["*"], each: true })], 1, T0);
    const before = table.pathFor(target("a"), scheduler, T0);
    table.replace([rule()], T0);
    expect(table.meters).toHaveLength(1);
    const after = table.pathFor(target("a"), schedulerAt(T0), T0);
    expect(after).not.toBe(before);
    expect(after.meters[0]).toBe(before.meters[0]);
  });
});
