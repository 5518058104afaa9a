import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { characterEstimate, roughTokens } from "./rough-tokens.ts";

const PROSE =
  "The committee met on Tuesday to review the annual report, and agreed that the figures for the second quarter needed another look before anything could be published. ";
const CODE = `export function sum(values) {\n  let total = 0;\n  for (const value of values) {\n    total += value.amount ?? 0;\n  }\n  return total;\n}\n`;

describe("rough tokens", () => {
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
    expect(roughTokens(text)).toBeGreaterThan(tokens * 0.67);
    expect(roughTokens(text)).toBeLessThan(tokens * 1.5);
  });

  test("are about one for each ideograph", () => {
    const text = "昨日請求書を支払いましたが確認がまだ届いていません";
    expect(roughTokens(text) / text.length).toBeGreaterThan(0.7);
    expect(roughTokens(text) / text.length).toBeLessThan(1.5);
  });

  test("are many for base64, which four characters a token would halve", () => {
    const text =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    expect(roughTokens(text)).toBeGreaterThan(1.5 * characterEstimate(text.length));
  });

  test("are never more than two for each UTF-16 unit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const tokens = roughTokens(text);
        expect(tokens).toBeGreaterThanOrEqual(0);
        expect(tokens).toBeLessThanOrEqual(2 * text.length);
      }),
    );
  });

  test("of nothing are none", () => {
    expect(roughTokens("")).toBe(0);
  });
});

test("the estimate by characters rounds up", () => {
  expect([0, 1, 4, 5].map(characterEstimate)).toEqual([0, 1, 1, 2]);
});
