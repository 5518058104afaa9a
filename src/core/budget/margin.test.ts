import { describe, expect, test } from "vitest";
import { seeded } from "../../../test/support/gateway-random.ts";
import { Margin } from "./margin.ts";

function grant(margin: Margin, times: number): Margin {
  for (let i = 0; i < times; i++) margin.granted();
  return margin;
}

describe("a margin", () => {
  test("starts at 10 % and is learned down to a trace while nothing is refused", () => {
    const margin = new Margin();
    expect(margin.share).toBe(0.1);
    expect(grant(margin, 100).share).toBeLessThan(0.05);
    expect(grant(margin, 100_000).share).toBe(0.002);
  });

  test("is raised by a refusal, and by more where the provider punishes it with a pause", () => {
    const [usual, punished] = [new Margin(), new Margin()].map((margin) => grant(margin, 100));
    const before = usual.share;
    usual.refused(false);
    punished.refused(true);
    expect(usual.share).toBeCloseTo(before + 0.02);
    expect(punished.share).toBeCloseTo(before + 0.06);
  });

  test("never keeps more than 30 %", () => {
    const margin = new Margin();
    for (let i = 0; i < 100; i++) margin.refused(true);
    expect(margin.share).toBe(0.3);
  });

  test("declines slowly once it has been refused", () => {
    const margin = grant(new Margin(), 400);
    margin.refused(false);
    const raised = margin.share;
    expect(grant(margin, 1_000).share).toBeGreaterThan(raised - 0.011);
    expect(margin.share).toBeLessThan(raised - 0.009);
  });

  test.each([1, 2, 3])("settles where fewer than 0.1 %% are refused (seed %d)", (seed) => {
    // A world where 4 % of the limit is uncertain: the smaller the margin, the more is refused.
    const random = seeded(seed);
    const margin = new Margin();
    let refused = 0;
    for (let i = 0; i < 220_000; i++) {
      margin.granted();
      if (random() >= Math.max(0, 0.04 - margin.share)) continue;
      margin.refused(false);
      if (i >= 20_000) refused++;
    }
    expect(refused / 200_000).toBeLessThan(0.001);
    expect(margin.share).toBeLessThan(0.08);
  });
});
