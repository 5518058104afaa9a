import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OutputHistory } from "./output-history.ts";

const LATEST = 128;

function historyOf(values: readonly number[]): OutputHistory {
  const history = new OutputHistory();
  for (const value of values) history.add(value);
  return history;
}

const oneTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

describe("quantile", () => {
  test.each([
    [0, 1],
    [0.01, 1],
    [0.5, 5],
    [0.51, 6],
    [0.9, 9],
    [0.901, 10],
    [1, 10],
  ])("of 1 to 10, a share of %s does not exceed %s", (share, value) => {
    expect(historyOf(oneTo(10).reverse()).quantile(share)).toBe(value);
  });

  test("of a single answer is that answer", () => {
    const history = historyOf([7]);
    expect([0, 0.5, 1].map((share) => history.quantile(share))).toEqual([7, 7, 7]);
  });

  test("is that of the sorted latest, whatever was added in whatever order", () => {
    const tokens = fc.integer({ min: 0, max: 50 });
    const check = (values: number[], share: number) => {
      const history = historyOf(values);
      const sorted = values.slice(-LATEST).sort((a, b) => a - b);
      const rank = Math.max(1, Math.ceil(share * sorted.length));
      expect(history.count).toBe(sorted.length);
      expect(history.quantile(share)).toBe(sorted[rank - 1]);
      const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
      expect(history.mean).toBeCloseTo(mean, 9);
    };
    const values = fc.array(tokens, { minLength: 1, maxLength: 3 * LATEST, size: "max" });
    const shares = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(fc.property(values, shares, check), { numRuns: 200 });
  });
});

test("nothing is known of nothing", () => {
  const history = new OutputHistory();
  expect([history.count, history.mean]).toEqual([0, 0]);
});

test("the oldest gives way, so that a habit of before is forgotten", () => {
  const history = historyOf([...Array(LATEST).fill(1_000), ...Array(LATEST - 1).fill(10)]);
  expect(history.count).toBe(LATEST);
  expect([history.quantile(0.99), history.quantile(1)]).toEqual([10, 1_000]);
  history.add(10);
  expect([history.quantile(1), history.mean]).toEqual([10, 10]);
});

test("what is no number of tokens is brought to the nearest one", () => {
  const history = historyOf([-5, 1.6, 1e15]);
  expect([0.3, 0.6, 1].map((share) => history.quantile(share))).toEqual([0, 2, 2 ** 32 - 1]);
});
