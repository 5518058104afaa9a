import { describe, expect, test } from "vitest";
import { Bucket } from "./bucket.ts";
import { leastLeft } from "./meter.ts";

/** 60 per minute: one unit per second. */
function perSecond(options: { level?: number; empty?: boolean } = {}): Bucket {
  const bucket = new Bucket("rpm", "rpm", 60, options.empty ?? false, 0);
  if (options.level !== undefined) bucket.take(60 - options.level, 0);
  return bucket;
}

describe("bucket", () => {
  test.each([
    { amount: 1, level: 60, waitMs: 0, why: "there is enough" },
    { amount: 60, level: 60, waitMs: 0, why: "a full bucket gives all it has" },
    { amount: 1, level: 0, waitMs: 1_000, why: "one unit takes a second" },
    { amount: 10, level: 7.5, waitMs: 2_500, why: "only what is missing is waited for" },
    { amount: 10, level: -5, waitMs: 15_000, why: "a debt is paid off first" },
    {
      amount: 61,
      level: 60,
      waitMs: Number.POSITIVE_INFINITY,
      why: "more than the capacity never fits",
    },
    { amount: 0, level: 0.5, waitMs: 0, why: "zero asks for any level above zero" },
    { amount: 0, level: -3, waitMs: 3_000, why: "zero waits until the debt is paid" },
  ])("wait for $amount at level $level is $waitMs ms: $why", ({ amount, level, waitMs }) => {
    expect(perSecond({ level }).waitMs(amount, 0)).toBeCloseTo(waitMs, 2);
  });

  test("an empty bucket refuses a demand of zero, too", () => {
    expect(perSecond({ level: 0 }).waitMs(0, 0)).toBeGreaterThan(0);
  });

  test("refills continuously, to the brim and never beyond", () => {
    const bucket = perSecond({ level: 0 });
    bucket.refill(250);
    expect(bucket.level).toBe(0.25);
    bucket.refill(59_000);
    expect(bucket.level).toBe(59);
    bucket.refill(90_000);
    expect(bucket.level).toBe(60);
    expect(bucket.minted).toBe(60);
    expect(bucket.wasted).toBe(30);
  });

  test("does not refill when the clock steps back", () => {
    const bucket = perSecond({ level: 0 });
    bucket.refill(10_000);
    bucket.refill(5_000);
    bucket.refill(10_000);
    expect(bucket.level).toBe(10);
  });

  test("a client that waits exactly as long as told is admitted, after many small refills", () => {
    const bucket = new Bucket("tpm", "tpm", 2_000_003, true, 0);
    const waitMs = bucket.waitMs(70_001, 0);
    for (let now = 0; now < waitMs; now += 0.37) bucket.refill(now);
    expect(bucket.waitMs(70_001, waitMs)).toBe(0);
  });

  test("a day's bucket refills in a day", () => {
    const bucket = new Bucket("rpd", "rpd", 200, true, 0);
    expect(bucket.waitMs(1, 0)).toBe(432_000); // 7m12s, as seen in openai/codex#797
    bucket.refill(43_200_000);
    expect(bucket.level).toBe(100);
  });

  test("remembers how far below zero it has been", () => {
    const bucket = perSecond({ level: 5 });
    bucket.take(25, 0);
    bucket.refill(30_000);
    expect(bucket.level).toBe(10);
    expect(bucket.lowest).toBe(-20);
  });

  test("what is given back lifts the level, and is wasted where it no longer fits", () => {
    const bucket = perSecond({ level: 50 });
    bucket.giveBack(4, 0);
    expect(bucket.level).toBe(54);
    expect(bucket.charged).toBe(6);
    bucket.giveBack(6, 3_000);
    expect(bucket.level).toBe(60);
    expect(bucket.wasted).toBe(3);
  });

  test("a lower limit keeps the level but for what no longer fits; a higher one adds no tokens", () => {
    const bucket = perSecond({ level: 40 });
    bucket.resize(30, 0);
    expect(bucket.level).toBe(30);
    bucket.resize(120, 0);
    expect(bucket.level).toBe(30);
    bucket.refill(1_000);
    expect(bucket.level).toBe(32);
  });

  test("the books balance whatever happens", () => {
    const bucket = new Bucket("tpm", "tpm", 600, true, 0);
    for (let step = 1; step <= 500; step++) {
      const now = step * 137.25;
      if (step % 3 === 0) bucket.take((step * 7) % 45, now);
      if (step % 11 === 0) bucket.giveBack(5, now);
      if (step % 50 === 0) bucket.resize(600 - step, now);
      expect(bucket.level).toBeCloseTo(bucket.initial + bucket.minted - bucket.charged, 6);
      expect(bucket.level).toBeLessThanOrEqual(bucket.capacity);
    }
  });

  test("of several the one with the least left is found", () => {
    const minute = new Bucket("rpm", "rpm", 10, false, 0);
    const day = new Bucket("rpd", "rpd", 100, false, 0);
    day.take(95, 0);
    expect(leastLeft([minute, day], ["rpm", "rpd"])).toBe(day);
    expect(leastLeft([minute, day], ["rpm"])).toBe(minute);
    expect(leastLeft([minute, day], ["tpm"])).toBe(null);
  });
});
