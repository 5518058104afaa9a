import { describe, expect, test } from "vitest";
import { fixedWindow, MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { epochAligned, FixedWindow } from "./fixed-window.ts";
import { MICRO_UNITS } from "./meter.ts";

const UNIT = MICRO_UNITS;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

describe("fixed window", () => {
  test.each([
    { at: 0, wait: SECOND },
    { at: 400 * MS, wait: 600 * MS },
    { at: SECOND - 1, wait: 1 },
  ])("emptied $at us into its window, it is full again $wait us later", ({ at, wait }) => {
    const meter = fixedWindow({ amount: 10 });
    meter.debit(10 * UNIT, T0 + at);
    expect(meter.waitFor(UNIT, 0, T0 + at)).toBe(wait);
    expect(meter.waitFor(10 * UNIT, 0, T0 + at)).toBe(wait);
    expect(meter.level(T0 + at + wait)).toBe(10 * UNIT);
  });

  test("gives nothing back for a window that has ended", () => {
    const meter = fixedWindow({ amount: 10 });
    meter.debit(6 * UNIT, T0);
    const next = T0 + SECOND;
    meter.debit(5 * UNIT, next);
    meter.credit(6 * UNIT, T0, next);
    expect(meter.level(next)).toBe(5 * UNIT);
    meter.credit(5 * UNIT, next, next + 1);
    expect(meter.level(next + 1)).toBe(10 * UNIT);
  });

  test("gives nothing back for a window that ended long ago, with idle windows between", () => {
    const meter = fixedWindow({ amount: 10 });
    meter.debit(6 * UNIT, T0);
    const later = T0 + 7 * SECOND;
    meter.debit(5 * UNIT, later);
    meter.credit(6 * UNIT, T0, later);
    expect(meter.level(later)).toBe(5 * UNIT);
  });

  test("a charge that comes after its window counts in the window that runs", () => {
    const meter = fixedWindow({ amount: 10 });
    meter.debit(6 * UNIT, T0);
    meter.credit(-3 * UNIT, T0, T0 + SECOND);
    expect(meter.level(T0 + SECOND)).toBe(7 * UNIT);
  });

  test("debt does not outlive the window", () => {
    const meter = fixedWindow({ amount: 10 });
    meter.debit(10 * UNIT, T0);
    meter.credit(-8 * UNIT, T0, T0 + 1);
    expect(meter.level(T0 + 1)).toBe(-8 * UNIT);
    expect(meter.level(T0 + SECOND)).toBe(10 * UNIT);
  });

  test("follows the calendar it is given: a day of 23 hours ends an hour sooner", () => {
    const ends = [T0 + 10 * HOUR, T0 + 33 * HOUR, T0 + 57 * HOUR];
    const meter = new FixedWindow({
      label: { dimension: "requests", selector: "account" },
      capacity: 10 * UNIT,
      per: DAY,
      windowEnd: (now) => ends.find((end) => end > now) as number,
      now: T0,
      initialShare: 0,
    });
    expect(meter.waitFor(UNIT, 0, T0)).toBe(10 * HOUR);
    meter.debit(10 * UNIT, T0 + 10 * HOUR);
    expect(meter.waitFor(UNIT, 0, T0 + 10 * HOUR)).toBe(23 * HOUR);
    expect(meter.read(T0 + 40 * HOUR)).toEqual({
      limit: 10 * UNIT,
      level: 10 * UNIT,
      resetsAt: T0 + 57 * HOUR,
    });
  });

  test.each([
    { now: 0, end: 60 },
    { now: 59, end: 60 },
    { now: 60, end: 120 },
  ])("windows of 60 from the epoch: the one that holds $now ends at $end", ({ now, end }) => {
    expect(epochAligned(60)(now)).toBe(end);
  });
});
