import { describe, expect, test } from "vitest";
import { demandOf, NO_DEMAND } from "../demand.ts";
import type { CallEnd, Forecast } from "../dialect.ts";
import { OK_VERDICT, VERDICT_CLASSES, type VerdictClass } from "../verdict/verdict.ts";
import { usdAtMost } from "./price.ts";
import { usedBy } from "./used.ts";

const PRICE = { input: 1, output: 10, cachedInput: 0.1 };
const FORECAST: Forecast = {
  charged: demandOf({ requests: 1, tokens: 5_000, inputTokens: 1_000, outputTokens: 4_000 }),
  expected: { inputTokens: 900, outputTokens: 100, cachedInputTokens: 0 },
};
const USAGE = { inputTokens: 1_000, outputTokens: 200, cachedInputTokens: 400 };

function answered(verdict: VerdictClass, usage: typeof USAGE | null): CallEnd {
  return { kind: "answered", verdict: { ...OK_VERDICT, class: verdict }, usage };
}

describe("what a tenant has used", () => {
  test("is what was reported, not what was reserved; cached input at its own price", () => {
    const { requests, tokens, usd } = usedBy(FORECAST, answered("ok", USAGE), PRICE);
    expect([requests, tokens]).toEqual([1, 1_200]);
    expect(usd).toBeCloseTo((600 * 1 + 400 * 0.1 + 200 * 10) / 1e6, 12);
  });

  test("is what was expected where nothing is reported", () => {
    expect(usedBy(FORECAST, answered("ok", null), null)).toMatchObject({ tokens: 1_000, usd: 0 });
  });

  test("is nothing for a call that was never sent", () => {
    expect(usedBy(FORECAST, { kind: "never-sent" }, PRICE)).toBe(NO_DEMAND);
  });

  test("of a call that was cut off: its input, and the output that was seen", () => {
    const end: CallEnd = { kind: "cut-off", usage: null, outputTokensSeen: 30 };
    expect(usedBy(FORECAST, end, PRICE)).toMatchObject({ requests: 1, tokens: 930 });
  });

  test.each(VERDICT_CLASSES)("of a call that ended with %s", (verdict) => {
    const used = usedBy(FORECAST, answered(verdict, null), PRICE);
    const isUnserved = ["quota", "overload", "billing", "auth"].includes(verdict);
    expect(used.requests).toBe(isUnserved ? 0 : 1);
    expect(used.tokens).toBe(verdict === "ok" ? 1_000 : 0);
  });
});

test("a reservation costs at most what its input costs fresh, and all of its output", () => {
  expect(usdAtMost(PRICE, FORECAST.charged)).toBeCloseTo((1_000 + 40_000) / 1e6, 12);
});
