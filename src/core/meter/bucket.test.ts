import { describe, expect, test } from "vitest";
import { bucket, MINUTE, MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { MICRO_UNITS } from "./meter.ts";

const UNIT = MICRO_UNITS;

describe("bucket", () => {
  test.each([
    { after: 0, level: 0 },
    { after: 1, level: 10 },
    { after: 99 * MS, level: 0.99 * UNIT },
    { after: 100 * MS, level: UNIT },
    { after: 550 * MS, level: 5.5 * UNIT },
    { after: SECOND, level: 10 * UNIT },
    { after: MINUTE, level: 10 * UNIT },
  ])("10 a second, empty: holds $level micro-units after $after us", ({ after, level }) => {
    expect(bucket({ amount: 10, initialShare: 0 }).level(T0 + after)).toBe(level);
  });

  test.each([
    { name: "60 a minute", amount: 60, per: MINUTE, ask: 1, wait: SECOND },
    { name: "500 a minute", amount: 500, per: MINUTE, ask: 1, wait: 120 * MS },
    { name: "30,000 tokens a minute", amount: 30_000, per: MINUTE, ask: 2_000, wait: 4 * SECOND },
    { name: "7 in 3 s", amount: 7, per: 3 * SECOND, ask: 1, wait: 428_572 },
    { name: "a day", amount: 1_000, per: 86_400 * SECOND, ask: 1, wait: 86_400 * MS },
  ])("$name: an empty bucket holds $ask in $wait us", ({ amount, per, ask, wait }) => {
    const meter = bucket({ amount, per, initialShare: 0 });
    expect(meter.waitFor(ask * UNIT, 0, T0)).toBe(wait);
  });

  test("the wait is right to the microsecond even where the division is rounded up", () => {
    const meter = bucket({ amount: 1_728, per: 86_400 * SECOND, initialShare: 0 });
    const wait = meter.waitFor(1_302_867_937, 0, T0);
    expect(meter.level(T0 + wait - 1)).toBeLessThan(1_302_867_937);
    expect(meter.level(T0 + wait)).toBeGreaterThanOrEqual(1_302_867_937);
  });

  test("refills to the brim, never beyond", () => {
    const meter = bucket({ amount: 10 });
    meter.debit(UNIT, T0);
    expect(meter.level(T0 + 100 * MS)).toBe(10 * UNIT);
    expect(meter.level(T0 + 101 * MS)).toBe(10 * UNIT);
  });

  test("a refund never fills it beyond the brim", () => {
    const meter = bucket({ amount: 10 });
    meter.debit(5 * UNIT, T0);
    meter.credit(5 * UNIT, T0, T0 + 300 * MS);
    expect(meter.level(T0 + 300 * MS)).toBe(10 * UNIT);
  });

  test("a third of a micro-unit a microsecond adds up exactly, however often it is touched", () => {
    const meter = bucket({ amount: 1, per: 3 * SECOND, initialShare: 0 });
    for (let now = T0; now <= T0 + 2_999_999; now += 7) meter.debit(0, now);
    expect(meter.level(T0 + 3 * SECOND)).toBe(UNIT);
  });

  test("a slow limit refills although it is looked at all the time", () => {
    const meter = bucket({ amount: 1, per: 100 * SECOND, initialShare: 0 });
    const end = T0 + 10 * SECOND;
    for (let now = T0; now < end; now += 99) meter.level(now);
    expect(meter.level(end)).toBe(0.1 * UNIT);
  });

  test("stays exact through days without ever being full", () => {
    const meter = bucket({ amount: 2_000_000, per: MINUTE, initialShare: 0 });
    let now = T0;
    for (let taken = 0; taken < 2_000; taken++) {
      now += 211 * SECOND; // enough for three and a half bucketfuls: full each time
      meter.debit(1_999_999 * UNIT, now);
      now += 30 * SECOND;
      expect(meter.level(now)).toBe(1_000_001 * UNIT);
    }
  });

  test("a margin is a floor of the level, not a cut of the refill", () => {
    const meter = bucket({ amount: 10, initialShare: 0 });
    const floor = 2 * UNIT;
    let now = T0 + meter.waitFor(UNIT, floor, T0);
    expect(now - T0).toBe(300 * MS);
    for (let i = 0; i < 20; i++) {
      meter.debit(UNIT, now);
      expect(meter.waitFor(UNIT, floor, now)).toBe(100 * MS);
      now += 100 * MS;
    }
  });

  test("a changed limit refills at its new rate from then on", () => {
    const meter = bucket({ amount: 10, initialShare: 0 });
    meter.resize(20 * UNIT, SECOND, T0 + 500 * MS);
    expect(meter.level(T0 + 500 * MS)).toBe(5 * UNIT);
    expect(meter.level(T0 + 600 * MS)).toBe(7 * UNIT);
    meter.resize(6 * UNIT, SECOND, T0 + 600 * MS);
    expect(meter.level(T0 + 600 * MS)).toBe(6 * UNIT);
  });

  test("refills on, though others took nearly all of a limit that is smaller by now", () => {
    const meter = bucket({ amount: 100, per: SECOND, initialShare: 0 });
    meter.setForeign(meter.rate, T0);
    meter.resize(50 * UNIT, SECOND, T0);
    expect(meter.supply).toBeCloseTo(0.05 * meter.rate);
    expect(meter.waitFor(UNIT, 0, T0)).toBe(400 * MS);
  });
});
