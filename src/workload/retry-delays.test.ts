import { describe, expect, test } from "vitest";
import { naiveDelayMs, sdkDelayMs } from "./retry-delays.ts";

describe("the SDK's delay", () => {
  test.each([
    [0, 500],
    [1, 1_000],
    [4, 8_000],
    [20, 8_000],
  ])("after %d retries is at most %d ms, less up to a quarter at random", (retries, most) => {
    expect(sdkDelayMs(null, retries, 0)).toBe(most);
    expect(sdkDelayMs(null, retries, 1)).toBe(0.75 * most);
  });

  test.each([
    [0, 0],
    [1_500, 1_500],
    [60_000, 60_000],
    [60_001, 500],
    [-1, 500],
  ])("with a hint of %d ms is %d ms", (hint, delay) => {
    expect(sdkDelayMs(hint, 0, 0)).toBe(delay);
  });
});

test("the naive delay doubles from a second on, up to 64 s, the same for everybody", () => {
  expect([0, 1, 2, 3, 6, 7, 50].map(naiveDelayMs)).toEqual([
    1_000, 2_000, 4_000, 8_000, 64_000, 64_000, 64_000,
  ]);
});
