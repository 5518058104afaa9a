import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linearScale, logScale, type Scale, timeScale, waitScale } from "./scale.ts";

const MAKERS: Readonly<Record<string, (greatest: number) => Scale>> = {
  linear: (greatest) => linearScale(greatest, 2),
  log: logScale,
  time: (greatest) => timeScale(greatest, 4),
  wait: waitScale,
};

describe("marks", () => {
  test.each([
    [1, 1, [0, 1]],
    [424, 2, [0, 200, 400]],
    [812, 2, [0, 500]],
    [0.3, 3, [0, 0.1, 0.2, 0.3]],
    [1_000_000, 2, [0, 500_000, 1_000_000]],
  ])("up to %d in about %d steps stand at round values", (greatest, steps, ticks) => {
    expect(linearScale(greatest, steps).ticks).toEqual(ticks);
  });

  test.each([
    [30, [0, 10, 20, 30]],
    [600, [0, 300, 600]],
    [3_600, [0, 900, 1_800, 2_700, 3_600]],
    [5 * 86_400, [0, 172_800, 345_600]],
    [0.7, [0, 0.2, 0.4, 0.6]],
  ])("of a run of %d s stand where a clock has them", (seconds, ticks) => {
    expect(timeScale(seconds, 4).ticks).toEqual(ticks);
  });

  test.each([
    [0, [0, 10]],
    [20_000, [0, 10, 100, 1_000, 10_000]],
    [7_200_000, [0, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000]],
  ])("of waits up to %d ms are decades, then minutes", (greatest, ticks) => {
    expect(waitScale(greatest).ticks).toEqual(ticks);
  });

  test("of counts far apart are nothing and the last power of ten", () => {
    expect(logScale(2_500).ticks).toEqual([0, 1_000]);
    expect(logScale(0.04).ticks).toEqual([0, 0.01]);
  });
});

describe.each(Object.entries(MAKERS))("a %s scale", (_, make) => {
  const positive = fc.double({ min: 0.1, max: 1e9, noNaN: true });

  test("keeps order and stays within the axis, whatever comes in", () => {
    fc.assert(
      fc.property(positive, fc.double(), fc.double(), (greatest, one, other) => {
        const { at } = make(greatest);
        for (const share of [at(one), at(other)]) expect(share >= 0 && share <= 1).toBe(true);
        if (one <= other) expect(at(one)).toBeLessThanOrEqual(at(other));
      }),
    );
  });

  test("has a few growing marks from 0 on, all on the axis", () => {
    fc.assert(
      fc.property(positive, (greatest) => {
        const { ticks } = make(greatest);
        expect(ticks[0]).toBe(0);
        expect(ticks.length).toBeGreaterThan(1);
        expect(ticks.length).toBeLessThanOrEqual(9);
        expect(ticks).toEqual([...new Set(ticks)].toSorted((a, b) => a - b));
        expect(ticks.at(-1)).toBeLessThanOrEqual(Math.max(greatest, 10) * (1 + 1e-9));
      }),
    );
  });

  test.each([0, -5, Number.NaN, Number.POSITIVE_INFINITY])("survives %d as its end", (greatest) => {
    const { at, ticks } = make(greatest);
    expect([at(0), at(Number.NaN)]).toEqual([0, 0]);
    expect(ticks.every(Number.isFinite)).toBe(true);
  });
});

test("a wait scale finds the wait at a place again", () => {
  const { at, waitMsAt } = waitScale(20_000);
  for (const waitMs of [0, 0.5, 12, 900, 20_000])
    expect(waitMsAt(at(waitMs))).toBeCloseTo(waitMs, 6);
});
