import { describe, expect, test } from "vitest";
import { MICROS_PER_SECOND as SECOND } from "../clock.ts";
import { RetryBudget } from "./retry-budget.ts";

function granted(budget: RetryBudget, asked: number, now: number): number {
  return Array.from({ length: asked }, () => budget.take(now)).filter(Boolean).length;
}

describe("retry budget", () => {
  test("of 1,000 calls in ten seconds a fifth may be repeated", () => {
    const budget = new RetryBudget(0.2);
    for (let i = 0; i < 1_000; i++) budget.called(100 * SECOND + i * 9_000);
    expect(granted(budget, 1_000, 109 * SECOND)).toBe(200);
  });

  test("three may, however few calls there are", () => {
    expect(granted(new RetryBudget(0.2), 10, SECOND)).toBe(3);
  });

  test("what was repeated long ago no longer counts", () => {
    const budget = new RetryBudget(0.2);
    expect(granted(budget, 10, SECOND)).toBe(3);
    expect(granted(budget, 10, 12 * SECOND)).toBe(3);
  });

  test("a share of none means none", () => {
    expect(granted(new RetryBudget(0), 10, SECOND)).toBe(0);
  });

  test("under steady failure, calls go up by no more than a fifth", () => {
    const budget = new RetryBudget(0.2);
    let sent = 0;
    for (let i = 0; i < 10_000; i++) {
      const now = i * 10_000;
      budget.called(now);
      sent++;
      for (let tries = 0; tries < 2 && budget.take(now); tries++) sent++;
    }
    expect(sent / 10_000).toBeLessThanOrEqual(1.2);
  });
});
