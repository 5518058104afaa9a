import { describe, expect, test } from "vitest";
import { createRandom, drawGamma, drawIndex, shuffled } from "./random.ts";

describe("seeded draws", () => {
  test("are uniform in [0, 1)", () => {
    const random = createRandom(1);
    const draws = Array.from({ length: 20_000 }, random);
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThan(1);
    expect(draws.reduce((sum, draw) => sum + draw, 0) / draws.length).toBeCloseTo(0.5, 1);
  });

  test.each([0.5, 0.9, 1, 4])(
    "of a Gamma of shape %d have mean 1 and variance 1/shape",
    (shape) => {
      const random = createRandom(2);
      const draws = Array.from({ length: 40_000 }, () => drawGamma(random, shape));
      const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
      const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length;
      expect(Math.abs(mean - 1)).toBeLessThan(0.03);
      expect(Math.abs(variance * shape - 1)).toBeLessThan(0.06);
    },
  );

  test("of an index follow the weights", () => {
    const random = createRandom(3);
    const counts = [0, 0, 0];
    for (let draw = 0; draw < 10_000; draw++) counts[drawIndex(random, [1, 0, 3])]++;
    expect(counts[1]).toBe(0);
    expect(counts[2] / counts[0]).toBeGreaterThan(2.7);
    expect(counts[2] / counts[0]).toBeLessThan(3.3);
  });

  test("shuffle without losing anything", () => {
    const items = Array.from({ length: 50 }, (_, index) => index);
    const mixed = shuffled(createRandom(4), items);
    expect(mixed).not.toEqual(items);
    expect(mixed.toSorted((a, b) => a - b)).toEqual(items);
  });
});
