import { describe, expect, test } from "vitest";
import { SECOND, slots, T0 } from "../../../test/support/meters.ts";
import { MICRO_UNITS } from "./meter.ts";

const UNIT = MICRO_UNITS;

describe("slots", () => {
  test("are freed by release, never by time", () => {
    const meter = slots(2);
    meter.debit(2 * UNIT, T0);
    expect(meter.waitFor(UNIT, 0, T0)).toBe(Number.POSITIVE_INFINITY);
    expect(meter.level(T0 + 86_400 * SECOND)).toBe(0);
    meter.credit(UNIT, T0, T0 + 5);
    expect(meter.waitFor(UNIT, 0, T0 + 5)).toBe(0);
    expect(meter.waitFor(2 * UNIT, 0, T0 + 5)).toBe(Number.POSITIVE_INFINITY);
  });

  test("have no time at which they are full", () => {
    expect(slots(2).read(T0)).toEqual({ limit: 2 * UNIT, level: 2 * UNIT, resetsAt: null });
  });

  test("fewer of them than are taken: none is free until enough have come back", () => {
    const meter = slots(4);
    meter.debit(4 * UNIT, T0);
    meter.resize(2 * UNIT, SECOND, T0);
    expect(meter.level(T0)).toBe(-2 * UNIT);
    meter.credit(2 * UNIT, T0, T0);
    expect(meter.waitFor(UNIT, 0, T0)).toBe(Number.POSITIVE_INFINITY);
    meter.credit(UNIT, T0, T0);
    expect(meter.waitFor(UNIT, 0, T0)).toBe(0);
  });
});
