import { describe, expect, test } from "vitest";
import { MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { AdaptiveRate } from "./adaptive-rate.ts";

const OPTIONS = { initial: 10, min: 1, max: 200 };

/** Takes all there is, with others waiting. */
function bind(rate: AdaptiveRate, now: number): void {
  rate.meter.debit(Math.max(0, rate.meter.level(now)), now);
  rate.sentBeforeOthers(now);
}

/** Says how often so many successes in a row raised the rate. */
function succeed(rate: AdaptiveRate, times: number, now: number): number {
  let raises = 0;
  for (let i = 0; i < times; i++) if (rate.succeeded(now)) raises++;
  return raises;
}

/** Requests that leave in a while if all that fit do. */
function admitted({ meter }: AdaptiveRate, from: number, micros: number): number {
  let count = 0;
  for (let now = from; ; count++) {
    now += meter.waitFor(MICRO_UNITS, 0, now);
    if (now >= from + micros) return count;
    meter.debit(MICRO_UNITS, now);
  }
}

describe("an adaptive rate", () => {
  test.each([
    { options: OPTIONS, rate: 10 },
    { options: { ...OPTIONS, initial: 0.2 }, rate: 1 },
    { options: { ...OPTIONS, initial: 500 }, rate: 200 },
  ])("begins at its initial rate within its bounds: $rate", ({ options, rate }) => {
    expect(new AdaptiveRate(options, T0).rate).toBe(rate);
  });

  test.each([
    { initial: 10, inAMinute: 610 },
    { initial: 0.5, inAMinute: 30 },
  ])("of $initial lets $inAMinute leave in a minute, a second's worth or one at once", (row) => {
    const options = { initial: row.initial, min: 0.1, max: 200 };
    const rate = new AdaptiveRate(options, T0);
    expect(Math.abs(admitted(rate, T0, 60 * SECOND) - row.inAMinute)).toBeLessThanOrEqual(1);
  });

  test("rises by 10 % after 10 successes in a row, and not after 9", () => {
    const rate = new AdaptiveRate(OPTIONS, T0);
    bind(rate, T0);
    expect(succeed(rate, 9, T0 + 2 * SECOND)).toBe(0);
    expect(rate.rate).toBe(10);
    expect(succeed(rate, 1, T0 + 2 * SECOND)).toBe(1);
    expect(rate.rate).toBeCloseTo(11);
    expect(rate.meter.rate * SECOND).toBeCloseTo(11 * MICRO_UNITS);
  });

  test("begins counting anew after anything else, and after a raise", () => {
    const rate = new AdaptiveRate(OPTIONS, T0);
    bind(rate, T0);
    succeed(rate, 9, T0 + 2 * SECOND);
    rate.failed();
    expect(succeed(rate, 9, T0 + 2 * SECOND)).toBe(0);
    expect(succeed(rate, 1, T0 + 2 * SECOND)).toBe(1);
    bind(rate, T0 + 5 * SECOND);
    expect(succeed(rate, 9, T0 + 5 * SECOND)).toBe(0);
    expect(succeed(rate, 1, T0 + 5 * SECOND)).toBe(1);
  });

  test("rises at most once a second, whatever succeeds", () => {
    const rate = new AdaptiveRate(OPTIONS, T0);
    let raises = 0;
    for (let now = T0; now < T0 + 10 * SECOND; now += 10 * MS) {
      bind(rate, now);
      raises += succeed(rate, 20, now);
    }
    expect(raises).toBe(9);
    expect(rate.rate).toBeCloseTo(10 * 1.1 ** 9);
  });

  test("does not rise while it does not bind: nobody waits, or there is room", () => {
    const rate = new AdaptiveRate(OPTIONS, T0);
    rate.meter.debit(5 * MICRO_UNITS, T0);
    rate.sentBeforeOthers(T0);
    expect(succeed(rate, 100, T0 + 2 * SECOND)).toBe(0);
    bind(rate, T0 + 2 * SECOND);
    expect(succeed(rate, 100, T0 + 3 * SECOND)).toBe(1);
    expect(succeed(rate, 100, T0 + 9 * SECOND)).toBe(0);
  });

  test("is halved by a refusal, once for all that were in flight", () => {
    const rate = new AdaptiveRate(OPTIONS, T0);
    const cuts = Array.from({ length: 200 }, (_, i) => rate.refused(T0 + i, T0 + SECOND + i * MS));
    expect(cuts.filter((isCut) => isCut)).toHaveLength(1);
    expect(rate.rate).toBe(5);
    expect(rate.refused(T0 + 2 * SECOND, T0 + 3 * SECOND)).toBe(true);
    expect(rate.rate).toBe(2.5);
    expect(rate.meter.rate * SECOND).toBeCloseTo(2.5 * MICRO_UNITS);
  });

  test("stays within its bounds", () => {
    const rate = new AdaptiveRate(OPTIONS, T0);
    for (let i = 0; i < 20; i++) rate.refused(T0 + i * SECOND, T0 + i * SECOND);
    expect(rate.rate).toBe(1);
    for (let i = 20; i < 120; i++) {
      bind(rate, T0 + i * SECOND);
      succeed(rate, 10, T0 + i * SECOND);
    }
    expect(rate.rate).toBe(200);
  });

  test("is no limit any more once headers have told one", () => {
    const rate = new AdaptiveRate(OPTIONS, T0);
    rate.standAside(T0);
    expect(rate.isAside).toBe(true);
    expect(admitted(rate, T0, MS)).toBeGreaterThan(100_000);
    expect(rate.refused(T0 + SECOND, T0 + SECOND)).toBe(false);
    bind(rate, T0 + SECOND);
    expect(succeed(rate, 100, T0 + 9 * SECOND)).toBe(0);
  });
});
