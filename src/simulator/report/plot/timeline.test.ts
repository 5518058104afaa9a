import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { binned, timelineOf } from "./timeline.ts";

function sampled(everySeconds: number, values: readonly (number | null)[]) {
  return { everySeconds, values };
}

describe("a timeline", () => {
  test("leaves short series as they are", () => {
    const series = sampled(2, [1, null, 3]);
    const timeline = timelineOf([series], 6);
    expect(timeline).toEqual({ bins: 3, binSeconds: 2 });
    expect(binned(series, timeline)).toEqual([1, null, 3]);
  });

  test("is as long as the longest series, or the run", () => {
    expect(timelineOf([sampled(1, [1, 2]), sampled(1, [1, 2, 3, 4])], 3).bins).toBe(4);
    expect(timelineOf([sampled(1, [1, 2])], 10).bins).toBe(10);
    expect(timelineOf([], 0).bins).toBeGreaterThan(0);
  });

  test("thins long series to their means, leaving out what was not measured", () => {
    const values = Array.from({ length: 480 }, (_, step) => (step % 4 === 3 ? null : step));
    const series = sampled(0.5, values);
    const timeline = timelineOf([series], 240);
    expect(timeline).toEqual({ bins: 240, binSeconds: 1 });
    expect(binned(series, timeline).slice(0, 3)).toEqual([0.5, 2, 4.5]);
  });

  test("fits series of different steps into the same bins", () => {
    const [fine, coarse] = [sampled(1, [1, 2, 3, 4]), sampled(2, [5, 6])];
    const timeline = timelineOf([fine, coarse], 4);
    expect(binned(fine, timeline)).toEqual([1, 2, 3, 4]);
    expect(binned(coarse, timeline)).toEqual([null, 5, null, 6]);
  });

  test("takes what is no number for not measured", () => {
    const series = sampled(1, [Number.NaN, Number.POSITIVE_INFINITY, 1]);
    expect(binned(series, timelineOf([series], 3))).toEqual([null, null, 1]);
  });

  test("never has more than 240 bins, and every step falls into one", () => {
    const steps = fc.integer({ min: 1, max: 5_000 });
    const everySeconds = fc.double({ min: 0.01, max: 60, noNaN: true });
    fc.assert(
      fc.property(steps, everySeconds, (steps, everySeconds) => {
        const series = sampled(everySeconds, new Array<number>(steps).fill(7));
        const timeline = timelineOf([series], steps * everySeconds);
        expect(timeline.bins).toBeLessThanOrEqual(240);
        expect(binned(series, timeline)).toEqual(new Array(timeline.bins).fill(7));
      }),
    );
  });
});
