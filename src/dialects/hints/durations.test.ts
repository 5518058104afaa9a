import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LONGEST_RETRY_AFTER_MS } from "../../core/verdict/verdict.ts";
import { formatGoDuration, parseDuration, wholeWaitMs } from "./durations.ts";

describe("durations", () => {
  test.each([
    ["120ms", 120],
    ["8ms", 8],
    ["1s", 1_000],
    ["6m0s", 360_000],
    ["1m26.4s", 86_400],
    ["23h18m29.144s", 83_909_144],
    ["900.2ms", 900.2],
    ["500µs", 0.5],
    ["7 seconds", 7_000],
    ["1 minute", 60_000],
    ["2 hours and 5 minutes", 7_500_000],
    ["1 minute, 30 seconds", 90_000],
    ["1,200 seconds", 1_200_000],
    ["2 Days", 172_800_000],
  ])("read %s", (text, ms) => {
    expect(parseDuration(text)).toBeCloseTo(ms, 6);
  });

  test.each([
    "",
    "soon",
    "5",
    "-5s",
    "5s ago",
    "5 lightyears",
    "s",
    "1e3s",
    "Infinitys",
    "1s".repeat(50),
  ])("do not read %j", (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test("waits are rounded up, but not by what binary fractions add", () => {
    expect(wholeWaitMs(900.2)).toBe(901);
    expect(wholeWaitMs(2.007 * 1_000)).toBe(2_007);
    expect(wholeWaitMs(-5)).toBe(0);
    expect(wholeWaitMs(Number.MAX_VALUE)).toBe(LONGEST_RETRY_AFTER_MS);
  });

  test.each([
    [0, "0s"],
    [120, "120ms"],
    [1_000, "1s"],
    [7_660, "7.66s"],
    [360_000, "6m0s"],
    [86_400, "1m26.4s"],
    [3_600_000, "1h0m0s"],
    [-3, "0s"],
  ])("%d ms is written as Go does: %s", (ms, text) => {
    expect(formatGoDuration(ms)).toBe(text);
  });

  test("written ones read back as they were", () => {
    fc.assert(
      fc.property(fc.nat(LONGEST_RETRY_AFTER_MS), (ms) => {
        const read = parseDuration(formatGoDuration(ms));
        expect(read === null ? null : wholeWaitMs(read)).toBe(ms);
      }),
    );
  });
});
