import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tokenCounterFor } from "./counter.ts";
import { characterEstimate, estimateTexts, estimateTokens } from "./estimate.ts";

const PROSE =
  "The committee met on Tuesday to review the annual report, and agreed that the figures for the second quarter needed another look before anything could be published. ";
const CODE = `export function sum(values) {\n  let total = 0;\n  for (const value of values) {\n    total += value.amount ?? 0;\n  }\n  return total;\n}\n`;

describe("estimated tokens", () => {
  // Counts by o200k_base, measured once.
  test.each([
    { kind: "English prose", text: PROSE, tokens: 30 },
    { kind: "code", text: CODE, tokens: 38 },
    {
      kind: "JSON",
      text: '{"id":"a1","name":"Ada","tags":["x","y"],"age":36,"ok":true}',
      tokens: 25,
    },
    {
      kind: "German",
      text: "Die Rechnung wurde gestern bezahlt, aber die Bestätigung fehlt noch.",
      tokens: 13,
    },
    {
      kind: "Russian",
      text: "Счёт был оплачен вчера, но подтверждение ещё не пришло.",
      tokens: 17,
    },
  ])("come within a third of the tokenizer's count for $kind", ({ text, tokens }) => {
    expect(estimateTokens(text)).toBeGreaterThan(tokens * 0.67);
    expect(estimateTokens(text)).toBeLessThan(tokens * 1.5);
  });

  test("are about one for each ideograph", () => {
    const text = "昨日請求書を支払いましたが確認がまだ届いていません";
    expect(estimateTokens(text) / text.length).toBeGreaterThan(0.7);
    expect(estimateTokens(text) / text.length).toBeLessThan(1.5);
  });

  test("are many for base64, which four characters a token would halve", () => {
    const text =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    expect(estimateTokens(text)).toBeGreaterThan(1.5 * characterEstimate(text.length));
  });

  test("of a long text are sampled, and stay near what reading it all would give", () => {
    const part = PROSE + CODE;
    const exact = estimateTokens(part) * 2_000;
    const sampled = estimateTokens(part.repeat(2_000));
    expect(Math.abs(sampled / exact - 1)).toBeLessThan(0.05);
  });

  test("of many texts are those of one long one, where both are sampled", () => {
    const many = estimateTexts(Array.from({ length: 5_000 }, () => PROSE));
    const one = estimateTokens(PROSE.repeat(5_000));
    expect(Math.abs(many / one - 1)).toBeLessThan(0.05);
  });

  test("are finite whole numbers, and never more than two for each UTF-16 unit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const tokens = estimateTokens(text);
        expect(Number.isInteger(tokens)).toBe(true);
        expect(tokens).toBeGreaterThanOrEqual(0);
        expect(tokens).toBeLessThanOrEqual(2 * text.length);
      }),
    );
  });

  test("of nothing are none", () => {
    expect(estimateTokens("")).toBe(0);
    expect(estimateTexts([])).toBe(0);
    expect(tokenCounterFor(null)(["", ""])).toBe(0);
  });
});

test("the estimate by characters rounds up", () => {
  expect([0, 1, 4, 5].map(characterEstimate)).toEqual([0, 1, 1, 2]);
});
