import { describe, expect, test } from "vitest";
import { seeded } from "../../../test/support/gateway-random.ts";
import { LargeRequest } from "./large-request.ts";

const SEEDS = [1, 2, 3];

describe("a large request", () => {
  test("is the first one, while there is no other", () => {
    const large = new LargeRequest();
    expect(large.amount).toBe(0);
    large.add(700);
    expect(large.amount).toBe(700);
  });

  test.each(SEEDS)("about 95 %% of requests stay below it (seed %d)", (seed) => {
    const random = seeded(seed);
    const large = new LargeRequest();
    let below = 0;
    for (let i = 0; i < 6_000; i++) {
      const amount = 100 * Math.exp(2 * random());
      if (i >= 1_000 && amount <= large.amount) below++;
      large.add(amount);
    }
    expect(below / 5_000).toBeGreaterThan(0.93);
    expect(below / 5_000).toBeLessThan(0.97);
  });

  test.each([
    { from: 100, to: 1_000, within: 30 },
    { from: 1_000, to: 100, within: 500 },
  ])("follows from $from to $to within $within requests", ({ from, to, within }) => {
    const large = new LargeRequest();
    for (let i = 0; i < 1_000; i++) large.add(from);
    for (let i = 0; i < within; i++) large.add(to);
    expect(Math.abs(large.amount / to - 1)).toBeLessThan(0.1);
  });
});
