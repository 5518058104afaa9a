import { describe, expect, test } from "vitest";
import { bucket, fixedWindow, HOUR, MINUTE } from "../../../test/support/meters.ts";
import { LimitDifferences, perMsOf } from "./limit-differences.ts";

const MINUTE_MS = 60_000;

function tokens() {
  return bucket({ dimension: "tokens", selector: "model:gpt-5*", amount: 60_000, per: MINUTE });
}

describe("differences of limits", () => {
  test("name what is configured and what was told", () => {
    const differences = new LimitDifferences();
    differences.compare(tokens(), MINUTE_MS, 40_000, "tokens");
    expect(differences.list).toEqual([
      {
        dimension: "tokens",
        selector: "model:gpt-5*",
        perMs: MINUTE_MS,
        configured: 60_000,
        told: 40_000,
      },
    ]);
  });

  test.each([60_000, 80_000])(
    "a limit told as %d is no difference: the user keeps below it",
    (told) => {
      const differences = new LimitDifferences();
      differences.compare(tokens(), MINUTE_MS, told, "tokens");
      expect(differences.list).toEqual([]);
    },
  );

  test("are told once: the list stays the same until another amount is told", () => {
    const differences = new LimitDifferences();
    const meter = tokens();
    differences.compare(meter, MINUTE_MS, 40_000, "tokens");
    const { list } = differences;
    for (let i = 0; i < 5; i++) differences.compare(meter, MINUTE_MS, 40_000, "tokens");
    expect(differences.list).toBe(list);
    differences.compare(meter, MINUTE_MS, 30_000, "tokens");
    expect(differences.list.map(({ told }) => told)).toEqual([30_000]);
    expect(differences.list).not.toBe(list);
  });

  test("are kept of a hundred meters, and no more", () => {
    const differences = new LimitDifferences();
    for (let i = 0; i < 150; i++) differences.compare(tokens(), MINUTE_MS, 40_000, "tokens");
    expect(differences.list).toHaveLength(100);
  });
});

test.each([
  { meter: bucket({ amount: 7, per: MINUTE }), perMs: 60_000 },
  { meter: fixedWindow({ amount: 15_000, per: 24 * HOUR }), perMs: 86_400_000 },
])("a meter tells the length of its window: $perMs ms", ({ meter, perMs }) => {
  expect(perMsOf(meter)).toBeCloseTo(perMs);
});
