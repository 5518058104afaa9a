import { describe, expect, test } from "vitest";
import { loadOf, resultOf } from "../../test/support/demo-load.ts";
import { TIERS } from "../workload/tiers.ts";
import { jainIndex, leastJain } from "./jain.ts";
import { standingByTier } from "./standing.ts";
import type { TaskResult } from "./task-result.ts";

/** A tenant that always waits, and is served `perSecond` tokens in each second by one request. */
function served(tenant: string, perSecond: number, tier = 0): TaskResult[] {
  return Array.from({ length: 30 }, (_, second) =>
    resultOf(
      { id: second, tenant, tier, atMs: Math.max(0, second * 1_000 - 900), inputTokens: perSecond },
      900,
    ),
  );
}

/** Waits from the start to the end and gets nothing. */
function patient(tenant: string): TaskResult {
  const outcome = { kind: "refused", code: "x", isAtOnce: false } as const;
  return resultOf({ tenant, atMs: 0, inputTokens: 10 }, 30_000, { outcome, wasGranted: false });
}

describe("jain", () => {
  test.each([
    { shares: [1, 1, 1], index: 1 },
    { shares: [1, 0], index: 0.5 },
    { shares: [3, 1], index: 0.8 },
    { shares: [0, 0], index: 1 },
  ])("of $shares is $index", ({ shares, index }) => {
    expect(jainIndex(shares)).toBeCloseTo(index, 9);
  });

  const load = loadOf([]);
  const standing = standingByTier(TIERS, load.limits);

  test("is 1 where all that wait get the same", () => {
    const results = [patient("a"), patient("b"), ...served("a", 10), ...served("b", 10)];
    expect(leastJain(results, load, standing)).toBeCloseTo(1, 9);
  });

  test("falls where one gets three times as much", () => {
    const results = [patient("a"), patient("b"), ...served("a", 30), ...served("b", 10)];
    expect(leastJain(results, load, standing)).toBeCloseTo(0.8, 9);
  });

  test("is the least of all classes", () => {
    const even = [patient("a"), patient("b"), ...served("a", 10), ...served("b", 10)];
    const uneven = ["c", "d"].map((tenant) => ({
      ...patient(tenant),
      task: { ...patient(tenant).task, tier: 1 },
    }));
    const results = [...even, ...uneven, ...served("c", 10, 1)];
    expect(leastJain(results, load, standing)).toBeCloseTo(0.5, 9);
  });

  test("counts what a tenant had of its dominant meter, not a mixture of several", () => {
    const perMinute = standingByTier(TIERS, { rpm: 60, tpm: 600 });
    // Two requests a second: one of them is dear for its tokens, the other for being a request.
    const mixed = [...served("a", 19), ...served("a", 1)];
    const even = [...served("b", 10), ...served("b", 10)];
    const results = [patient("a"), patient("b"), ...mixed, ...even].toSorted(
      (a, b) => a.task.atMs - b.task.atMs,
    );
    expect(leastJain(results, load, perMinute)).toBeCloseTo(1, 9);
  });

  test("leaves out who had nothing waiting for a while", () => {
    expect(
      leastJain([patient("a"), ...served("a", 30), ...served("b", 10)], load, standing),
    ).toBeNull();
  });

  test("measures nothing in windows in which too little was served", () => {
    const results = [patient("a"), patient("b"), ...served("a", 10).slice(0, 7)];
    expect(leastJain(results, load, standing)).toBeNull();
  });
});
