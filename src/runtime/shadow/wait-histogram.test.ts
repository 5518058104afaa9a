import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WaitHistogram } from "./wait-histogram.ts";

function histogramOf(waits: readonly number[]): WaitHistogram {
  const histogram = new WaitHistogram();
  for (const wait of waits) histogram.add(wait);
  return histogram;
}

describe("a quantile", () => {
  test("is none where there was no wait to tell of", () => {
    expect(new WaitHistogram().quantile(0.5)).toBe(null);
  });

  test("of waits too short to matter is 0", () => {
    const histogram = histogramOf([0, 0.05, Number.NaN, -1]);
    expect([0, 0.5, 1].map((share) => histogram.quantile(share))).toEqual([0, 0, 0]);
  });

  test("is told within 2.5 % of the wait that this share does not exceed", () => {
    const wait = fc.double({ min: 0.1, max: 3_600_000, noNaN: true });
    const check = (waits: number[], share: number) => {
      const sorted = [...waits].sort((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1];
      const told = histogramOf(waits).quantile(share) ?? Number.NaN;
      expect(told / exact).toBeGreaterThan(0.975);
      expect(told / exact).toBeLessThan(1.026);
    };
    const shares = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(fc.property(fc.array(wait, { minLength: 1 }), shares, check));
  });

  test("does not lose what is longer than any wait may be", () => {
    expect(histogramOf([1e12]).quantile(1)).toBeGreaterThan(3_400_000);
    expect(histogramOf([Number.POSITIVE_INFINITY]).quantile(1)).toBeGreaterThan(3_400_000);
  });

  test("counts every wait once", () => {
    const histogram = histogramOf([...Array(98).fill(0), 1_000, 2_000]);
    expect(histogram.quantile(0.98)).toBe(0);
    expect(histogram.quantile(0.99)).toBeCloseTo(1_000, -2);
    expect(histogram.quantile(1)).toBeCloseTo(2_000, -2);
  });
});
