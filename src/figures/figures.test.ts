import { describe, expect, test } from "vitest";
import { loadOf, resultOf } from "../../test/support/demo-load.ts";
import { TIERS } from "../workload/tiers.ts";
import { type Books, budgetUsed, figuresOf } from "./figures.ts";
import { standingByTier } from "./standing.ts";
import type { Outcome } from "./task-result.ts";

function books(parts: Partial<Books>): Books {
  return { refused429: 0, requests: 0, charged: {}, available: {}, ...parts };
}

describe("budget used", () => {
  const before = books({ charged: { rpm: 10, tpm: 100 }, available: { rpm: 20, tpm: 200 } });

  test("is the growth of what was charged over that of what there was, by the meter that binds", () => {
    const after = books({ charged: { rpm: 20, tpm: 190 }, available: { rpm: 120, tpm: 300 } });
    expect(budgetUsed(before, after)).toBeCloseTo(0.9, 9);
  });

  test("is at most all: what was left over from before is no supply of this time", () => {
    const after = books({ charged: { rpm: 10, tpm: 260 }, available: { rpm: 30, tpm: 300 } });
    expect(budgetUsed(before, after)).toBe(1);
  });

  test("is nothing while nothing was made available", () => {
    expect(budgetUsed(before, before)).toBe(0);
  });
});

describe("figures", () => {
  const AT = 6_000;
  const refused = (isAtOnce: boolean): Outcome => ({
    kind: "refused",
    code: "max_wait_exceeded",
    isAtOnce,
  });
  const results = [
    resultOf({ atMs: 4_999 }, 99_000),
    resultOf({ atMs: AT }, 100),
    resultOf({ atMs: AT }, 300.04, { outcome: { kind: "failed", why: "cut off" } }),
    resultOf({ atMs: AT }, 0, { outcome: refused(true), wasGranted: false }),
    resultOf({ atMs: AT }, 20_000, { outcome: refused(false), wasGranted: false }),
    resultOf({ atMs: AT, tier: 3 }, 7),
  ];
  const run = {
    results,
    inversions: 4,
    books: {
      atWindowStart: books({ charged: { tpm: 0 }, available: { tpm: 0 } }),
      atWindowEnd: books({ charged: { tpm: 75 }, available: { tpm: 100 } }),
      atEnd: books({ refused429: 3, requests: 9 }),
    },
  };
  const load = loadOf([]);
  const judgement = {
    tiers: TIERS.map(({ name }) => name),
    standing: standingByTier(TIERS, load.limits),
  };
  const figures = figuresOf(run, load, judgement);

  test("have the shape of CONTRACTS 5, tiers in their order", () => {
    expect(figures).toMatchObject({
      upstream429: 3,
      upstreamRequests: 9,
      budgetUsed: 0.75,
      jain: 1,
      inversions: 4,
    });
    expect(Object.keys(figures.tiers)).toEqual(["critical", "premium", "standard", "free"]);
  });

  test("count what arrived in the measured window", () => {
    expect(figures.tiers.critical).toMatchObject({
      count: 4,
      ok: 1,
      failed: 1,
      cancelled: 0,
      fallback: 0,
      refused: { max_wait_exceeded: 2 },
    });
    expect(figures.tiers.free.count).toBe(1);
    expect(figures.tiers.premium).toMatchObject({ count: 0, refused: {} });
  });

  test("tell the waits of all but those refused at once", () => {
    expect(figures.tiers.critical.waitMs).toEqual({
      p50: 300,
      p95: 20_000,
      p99: 20_000,
      max: 20_000,
    });
    expect(figures.tiers.premium.waitMs).toEqual({ p50: 0, p95: 0, p99: 0, max: 0 });
  });
});
