import { expect, test } from "vitest";
import { QuotaLevels } from "./quota-levels.ts";

const LEVELS = { warn: 0.8, act: 0.9 };

test.each<[string, readonly number[], readonly unknown[]]>([
  [
    "each level once",
    [0.5, 0.79, 0.8, 0.85, 0.9, 0.95, 1.2],
    [null, null, "warn", null, "act", null, null],
  ],
  ["the higher one alone if it comes at once", [0.95, 0.85, 0.95], ["act", null, null]],
  ["nothing again after it has fallen", [0.8, 0.7, 0.8], ["warn", null, null]],
])("a window tells %s", (_, shares, told) => {
  const levels = new QuotaLevels();
  expect(shares.map((share) => levels.reached(share, 10, LEVELS))).toEqual(told);
});

test("the next window tells again, and so does another quota", () => {
  const levels = new QuotaLevels();
  expect(levels.reached(0.9, 10, LEVELS)).toBe("act");
  expect(levels.reached(0.9, 20, LEVELS)).toBe("act");
  levels.forget();
  expect(levels.reached(0.8, 20, LEVELS)).toBe("warn");
});
