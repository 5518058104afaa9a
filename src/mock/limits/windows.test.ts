import { describe, expect, test } from "vitest";
import { FixedWindow } from "./fixed-window.ts";
import type { Meter } from "./meter.ts";
import { SlidingWindow } from "./sliding-window.ts";
import { endOfDay, planSlice, type WindowPlan } from "./window-plans.ts";

const TEN_SECONDS = 10_000;

/** Ten in ten seconds, as both kinds of window. */
function slidingTen(empty = false): SlidingWindow {
  return new SlidingWindow("rp10s", "rp10s", 10, empty, 0);
}

function fixedTen(empty = false): FixedWindow {
  const planOf = (capacity: number): WindowPlan => ({
    capacity,
    endOf: (now) => (Math.floor(now / TEN_SECONDS) + 1) * TEN_SECONDS,
  });
  return new FixedWindow("rp10s", "rp10s", 10, empty, 0, planOf);
}

function expectBalanced(meter: Meter): void {
  expect(meter.level).toBeCloseTo(meter.initial + meter.minted - meter.charged, 6);
  expect(meter.level).toBeLessThanOrEqual(meter.capacity);
}

describe("a sliding window", () => {
  test("holds no more than its amount in any stretch of its length", () => {
    const window = slidingTen();
    window.take(6, 0);
    window.take(4, 4_000);
    expect(window.waitMs(1, 9_999)).toBe(1);
    expect(window.waitMs(1, 10_000)).toBe(0);
    window.refill(10_000);
    expect(window.level).toBe(6);
    window.refill(14_000);
    expect(window.level).toBe(10);
  });

  test.each([
    { amount: 6, waitMs: 7_000, why: "the oldest entries leave" },
    { amount: 7, waitMs: 10_000, why: "one more needs the next, too" },
    { amount: 11, waitMs: Number.POSITIVE_INFINITY, why: "more than the amount never fits" },
  ])("wait for $amount is $waitMs ms: $why", ({ amount, waitMs }) => {
    const window = slidingTen();
    window.take(6, 0);
    window.take(4, 3_000);
    expect(window.waitMs(amount, 3_000)).toBe(waitMs);
  });

  test("zero asks for any level above zero, and waits until a debt has left", () => {
    const window = slidingTen();
    expect(window.waitMs(0, 0)).toBe(0);
    window.take(12, 0);
    expect(window.waitMs(0, 4_000)).toBe(6_000);
  });

  test("gives back from the newest entries, and not what has left already", () => {
    const window = slidingTen();
    window.take(4, 0);
    window.take(4, 5_000);
    window.giveBack(2, 6_000);
    expect([window.level, window.charged]).toEqual([4, 6]);
    window.giveBack(5, 12_000); // two of the four are still in the window
    expect([window.level, window.charged]).toEqual([10, 1]);
    expectBalanced(window);
  });

  test("a lower amount keeps what was used: it may be overdrawn until that has left", () => {
    const window = slidingTen();
    window.take(8, 0);
    window.resize(5, 1_000);
    expect([window.level, window.waitMs(1, 1_000)]).toEqual([-3, 9_000]);
    window.resize(20, 1_000);
    expect(window.level).toBe(12);
    expectBalanced(window);
  });

  test("that starts empty comes back as if it had been used evenly", () => {
    const window = slidingTen(true);
    expect(window.level).toBe(0);
    window.refill(5_000);
    expect(window.level).toBe(5);
    window.refill(10_000);
    expect([window.level, window.wasted]).toEqual([10, 0]);
    expectBalanced(window);
  });

  test("what was available is its amount and what the rate brings", () => {
    const window = slidingTen();
    window.take(10, 0);
    window.refill(25_000);
    expect(window.initial + window.minted + window.wasted).toBe(35);
  });

  test("a long log is forgotten as it leaves, and the books balance", () => {
    const window = new SlidingWindow("rps", "rps", 100, false, 0);
    for (let now = 0; now < 60_000; now += 7) {
      if (window.waitMs(1, now) === 0) window.take(1, now);
      expectBalanced(window);
    }
    expect(window.charged).toBe(6_000);
    expect(window.lowest).toBe(0);
  });
});

describe("a fixed window", () => {
  test("begins anew at its end, whatever was used", () => {
    const window = fixedTen();
    window.take(10, 9_999);
    expect([window.waitMs(1, 9_999), window.fullInMs]).toEqual([1, 1]);
    expect(window.waitMs(10, 10_000)).toBe(0);
    expectBalanced(window);
  });

  test("loses what is not used", () => {
    const window = fixedTen();
    window.take(4, 0);
    window.refill(35_000);
    expect([window.level, window.minted, window.wasted]).toEqual([10, 4, 26]);
    expect(window.initial + window.minted + window.wasted).toBe(40);
  });

  test("gives back no more than is missing", () => {
    const window = fixedTen();
    window.take(6, 0);
    window.take(2, 11_000);
    window.giveBack(5, 12_000);
    expect([window.level, window.charged, window.wasted]).toEqual([10, 3, 7]);
    expectBalanced(window);
  });

  test("never fits more than its amount, and zero asks for any level above zero", () => {
    const window = fixedTen();
    expect(window.waitMs(11, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(window.waitMs(0, 0)).toBe(0);
    window.take(10, 2_000);
    expect(window.waitMs(0, 2_000)).toBe(8_000);
  });

  test("that starts empty has nothing until its end", () => {
    const window = fixedTen(true);
    expect(window.waitMs(1, 1_000)).toBe(9_000);
    expect(window.waitMs(1, 10_000)).toBe(0);
  });

  test("a lower amount takes away what no longer fits", () => {
    const window = fixedTen();
    window.resize(4, 0);
    expect([window.level, window.capacity]).toEqual([4, 4]);
    window.resize(20, 0);
    expect(window.level).toBe(4);
    window.refill(10_000);
    expect(window.level).toBe(20);
    expectBalanced(window);
  });
});

describe("Azure's slices", () => {
  test.each([
    [600, 10, 1_000],
    [6_000, 100, 1_000],
    [120, 20, 10_000],
    [6, 1, 10_000],
    [1, 1, 10_000],
  ])("%d a minute are %d in each %d ms", (perMinute, capacity, lengthMs) => {
    const plan = planSlice(perMinute);
    expect(plan.capacity).toBe(capacity);
    const end = plan.endOf(0);
    expect(plan.endOf(end) - end).toBeCloseTo(lengthMs, 3);
  });
});

describe("the end of a day", () => {
  test.each([
    ["UTC", "2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z"],
    ["UTC", "2026-03-01T23:59:59.900Z", "2026-03-02T00:00:00.000Z"],
    ["America/Los_Angeles", "2026-01-15T07:59:00.000Z", "2026-01-15T08:00:00.000Z"],
    ["America/Los_Angeles", "2026-07-15T08:00:00.000Z", "2026-07-16T07:00:00.000Z"],
  ])("in %s after %s is %s", (zone, at, end) => {
    expect(new Date(endOfDay(zone)(Date.parse(at))).toISOString()).toBe(end);
  });
});
