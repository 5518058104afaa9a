import { describe, expect, test } from "vitest";
import { SECOND, T0 } from "../../../test/support/meters.ts";
import { Arrivals } from "./arrivals.ts";

/** Ten micro-units a microsecond into meter 1, for so many seconds. */
function busyFor(seconds: number): Arrivals {
  const arrivals = new Arrivals(T0);
  for (let second = 0; second < seconds; second++) {
    for (let part = 0; part < 4; part++) {
      arrivals.add(1, (10 * SECOND) / 4, true, T0 + second * SECOND + part * 250_000);
    }
  }
  return arrivals;
}

describe("arrivals", () => {
  test.each([
    { seconds: 1, short: 1, long: 0.17 },
    { seconds: 10, short: 6.5, long: 1.55 },
    { seconds: 60, short: 9.98, long: 6.35 },
    { seconds: 600, short: 10, long: 10 },
  ])("after $seconds s of 10 the averages are $short and $long", ({ seconds, short, long }) => {
    const arrivals = busyFor(seconds);
    const now = T0 + seconds * SECOND;
    expect(arrivals.shortRate(1, now)).toBeCloseTo(short, 1);
    expect(arrivals.longRate(1, now)).toBeCloseTo(long, 1);
  });

  test("fade while nothing comes, however rarely they are asked", () => {
    const [often, once] = [busyFor(600), busyFor(600)];
    const end = T0 + 610 * SECOND;
    for (let now = T0 + 600 * SECOND; now <= end; now += 100_000) often.shortRate(1, now);
    expect(often.shortRate(1, end)).toBeCloseTo(once.shortRate(1, end), 9);
    expect(once.shortRate(1, end)).toBeCloseTo(10 * 0.9 ** 10, 1);
    expect(once.longRate(1, end + 3_600 * SECOND)).toBeCloseTo(0, 9);
  });

  test("what has come in the second that runs does not count yet", () => {
    const arrivals = new Arrivals(T0);
    arrivals.add(0, 5 * SECOND, true, T0);
    expect(arrivals.shortRate(0, T0 + SECOND - 1)).toBe(0);
    expect(arrivals.shortRate(0, T0 + SECOND)).toBe(0.5);
  });

  test("a meter that was never touched has none, nor does a clock that steps back make any", () => {
    const arrivals = busyFor(60);
    const now = T0 + 60 * SECOND;
    const before = arrivals.shortRate(1, now);
    expect(arrivals.shortRate(1, now - 30 * SECOND)).toBe(before);
    expect(arrivals.shortRate(0, now)).toBe(0);
    expect(arrivals.longRate(7, now)).toBe(0);
  });
});

test("who is refused at once presses, but takes nothing from those who come later", () => {
  const arrivals = new Arrivals(T0);
  for (let second = 0; second < 120; second++) {
    arrivals.add(0, SECOND, true, T0 + second * SECOND);
    arrivals.add(0, 3 * SECOND, false, T0 + second * SECOND);
  }
  const now = T0 + 120 * SECOND;
  expect(arrivals.shortRate(0, now)).toBeCloseTo(1, 3);
  expect(arrivals.longRate(0, now)).toBeGreaterThan(3);
});
