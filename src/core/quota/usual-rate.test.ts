import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MINUTE, T0 } from "../../../test/support/meters.ts";
import { RUNAWAY_TIMES, UsualRate, WARM_UP_MINUTES } from "./usual-rate.ts";

const START = Math.ceil(T0 / MINUTE) * MINUTE;
const LEAST = 60;

/** Lets a tenant do so much in each of these minutes; the alarms with the minute they came in. */
function play(perMinute: readonly number[], rate = new UsualRate(LEAST), first = 0): number[] {
  const alarms: number[] = [];
  for (const [i, amount] of perMinute.entries()) {
    for (let part = 0; part < amount; part++) {
      const at = START + (first + i) * MINUTE + Math.floor((part * MINUTE) / amount);
      if (rate.add(1, at) !== null) alarms.push(first + i);
    }
  }
  return alarms;
}

const warm = (amount: number) => Array.from({ length: WARM_UP_MINUTES + 1 }, () => amount);

describe("a usual rate", () => {
  test("tells of ten times as much, in the minute in which it happens, with both figures", () => {
    const rate = new UsualRate(LEAST);
    play(warm(20), rate);
    const at = START + warm(20).length * MINUTE;
    const told = Array.from({ length: 300 }, () => rate.add(1, at)).filter((one) => one !== null);
    expect(told).toEqual([{ perMinute: 201, usualPerMinute: 20 }]);
  });

  test("is silent up to ten times, however often", () => {
    expect(play([...warm(20), 200, 150, 200, 20, 200])).toEqual([]);
  });

  test("knows nothing of a new tenant", () => {
    expect(play([1, 1, 1, 5_000, 5_000])).toEqual([]);
    expect(play([...warm(1).slice(2), 900])).toEqual([]);
    expect(play([...warm(1), 900])).toEqual([WARM_UP_MINUTES + 1]);
  });

  test("is silent below the least, though it is far more than usual", () => {
    expect(play([...warm(1), LEAST])).toEqual([]);
    expect(play([...warm(1), LEAST + 1])).toEqual([WARM_UP_MINUTES + 1]);
  });

  test("tells once while it lasts, and again after a calm minute or a pause", () => {
    const first = WARM_UP_MINUTES + 1;
    expect(play([...warm(20), 400, 400, 300, 400])).toEqual([first]);
    expect(play([...warm(20), 400, 20, 400])).toEqual([first, first + 2]);
    expect(play([...warm(20), 400, 0, 400])).toEqual([first, first + 2]);
  });

  test("a nightly job is its own measure: idle minutes do not count", () => {
    const rate = new UsualRate(LEAST);
    for (let night = 0; night < 12; night++) {
      const job = Array.from({ length: 10 }, () => 500);
      expect(play(job, rate, night * 1_440)).toEqual([]);
    }
    expect(rate.usualPerMinute).toBe(500);
  });

  test("a runaway does not make itself usual; lasting growth becomes usual", () => {
    const rate = new UsualRate(LEAST);
    play(warm(20), rate);
    play(
      Array.from({ length: 10 }, () => 4_000),
      rate,
      100,
    );
    expect(rate.usualPerMinute).toBeLessThan(30);
    const growth = Array.from({ length: 1_440 }, () => 400);
    play(growth, rate, 200);
    expect(rate.usualPerMinute).toBeGreaterThan(200);
  });

  test("never tells of a minute with at most ten times the least active minute before it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 10, max: 30 }), { minLength: 70, maxLength: 90 }),
        fc.integer({ min: 1, max: 10 * RUNAWAY_TIMES }),
        (usual, last) => {
          expect(play([...usual, last])).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
  });
});
