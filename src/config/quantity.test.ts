import { describe, expect, test } from "vitest";
import { COUNT_UNITS, DURATION_UNITS, parseQuantity, SIZE_UNITS, type Units } from "./quantity.ts";

describe("quantity", () => {
  test.each<[unknown, Units, number | undefined]>([
    [500, COUNT_UNITS, 500],
    ["10_000", COUNT_UNITS, 10_000],
    ["30k", COUNT_UNITS, 30_000],
    ["2M", COUNT_UNITS, 2_000_000],
    ["4.1M", COUNT_UNITS, 4_100_000],
    ["16.1k", COUNT_UNITS, 16_100],
    ["32MiB", SIZE_UNITS, 33_554_432],
    ["64KiB", SIZE_UNITS, 65_536],
    ["1GiB", SIZE_UNITS, 1_073_741_824],
    ["500ms", DURATION_UNITS, 500],
    ["1.5s", DURATION_UNITS, 1_500],
    ["5m", DURATION_UNITS, 300_000],
    ["1h", DURATION_UNITS, 3_600_000],
    ["7d", DURATION_UNITS, 604_800_000],
    ["1mo", DURATION_UNITS, 2_592_000_000],
    ["250", DURATION_UNITS, 250],
    ["10KiB", COUNT_UNITS, undefined],
    ["10s", COUNT_UNITS, undefined],
    ["10K", COUNT_UNITS, undefined],
    ["5 s", DURATION_UNITS, undefined],
    ["1_", COUNT_UNITS, undefined],
    ["_1", COUNT_UNITS, undefined],
    ["1__0", COUNT_UNITS, undefined],
    ["-1", COUNT_UNITS, undefined],
    [-1, COUNT_UNITS, undefined],
    ["", COUNT_UNITS, undefined],
    ["k", COUNT_UNITS, undefined],
    ["1constructor", COUNT_UNITS, undefined],
    [Number.NaN, COUNT_UNITS, undefined],
    [Number.POSITIVE_INFINITY, COUNT_UNITS, undefined],
    [true, COUNT_UNITS, undefined],
    [null, COUNT_UNITS, undefined],
  ])("reads %j", (value, units, expected) => {
    expect(parseQuantity(value, units)).toBe(expected);
  });
});
