import { expect, test } from "vitest";
import { percentile } from "./percentile.ts";

test.each([
  { values: [], share: 0.5, expected: 0 },
  { values: [7], share: 0, expected: 7 },
  { values: [7], share: 0.99, expected: 7 },
  { values: [3, 1, 2], share: 0.5, expected: 2 },
  { values: [4, 3, 2, 1], share: 0.5, expected: 2 },
  { values: [4, 3, 2, 1], share: 1, expected: 4 },
  { values: Array.from({ length: 100 }, (_, index) => index + 1), share: 0.99, expected: 99 },
  { values: Array.from({ length: 101 }, (_, index) => index + 1), share: 0.99, expected: 100 },
])("the percentile $share is a measured value, by nearest rank", ({ values, share, expected }) => {
  expect(percentile(values, share)).toBe(expected);
});
