import { describe, expect, test } from "vitest";
import { resultOf } from "../../test/support/demo-load.ts";
import { classOf, inversionsAmong } from "./inversions.ts";

describe("an inversion", () => {
  const low = resultOf({ tier: 1, atMs: 0, inputTokens: 100 }, 1_000);

  test.each([
    {
      name: "one of a higher tier waited for as much",
      high: resultOf({ inputTokens: 100 }, 5_000),
      count: 1,
    },
    { name: "it asked for more", high: resultOf({ inputTokens: 101 }, 5_000), count: 0 },
    { name: "it had been served", high: resultOf({ inputTokens: 1 }, 900), count: 0 },
    { name: "it came later", high: resultOf({ atMs: 1_001, inputTokens: 1 }, 5_000), count: 0 },
    {
      name: "it was of the same tier",
      high: resultOf({ tier: 1, inputTokens: 1 }, 5_000),
      count: 0,
    },
    {
      name: "the other was batch work of a higher tier",
      high: resultOf({ latency: "batch", inputTokens: 1 }, 5_000),
      count: 0,
    },
  ])("is counted $count times if $name", ({ high, count }) => {
    expect(inversionsAmong([low, high])).toBe(count);
  });

  test("needs a grant", () => {
    const refused = { ...low, wasGranted: false };
    expect(inversionsAmong([refused, resultOf({ inputTokens: 1 }, 5_000)])).toBe(0);
  });
});

test("classes are ordered as the demo's policy orders its bands", () => {
  const classes = [
    { tier: 0, latency: "real-time" },
    { tier: 0, latency: "near-real-time" },
    { tier: 1, latency: "real-time" },
    { tier: 3, latency: "near-real-time" },
    { tier: 0, latency: "batch" },
    { tier: 3, latency: "batch" },
  ] as const;
  const ranks = classes.map((parts) => classOf(resultOf(parts, 0).task));
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  expect(new Set(ranks).size).toBe(ranks.length);
});
