import { describe, expect, test } from "vitest";
import { PriceTable } from "./price-table.ts";

const NONE = new Map();
const CHEAP = { input: 1, output: 2, cachedInput: 0.5 };
const DEAR = { input: 10, output: 20, cachedInput: 5 };

describe("a model's price", () => {
  test.each([
    ["gpt-5", 1.25],
    ["gpt-5-2025-08-07", 1.25],
    ["gpt-5-mini-2025-08-07", 0.25],
    ["openai/gpt-4o-mini", 0.15],
    ["claude-sonnet-4-5-20250929", 3],
    ["claude-3-7-sonnet-latest", 3],
    ["us.anthropic.claude-haiku-4-5-20251001-v1:0", 1],
    ["anthropic/claude-opus-4-1", 15],
    ["models/gemini-2.5-flash", 0.3],
    ["claude-opus-4@20250514", 15],
  ])("%s: the list price of the model behind it", (model, input) => {
    expect(new PriceTable(NONE, NONE).priceOf("any", model)?.input).toBe(input);
  });

  test.each(["gpt-7", "", "gpt-5-ultra", "my-model", "constructor", "__proto__"])(
    "%j: unknown, which is not free of charge",
    (model) => {
      expect(new PriceTable(NONE, NONE).priceOf("any", model)).toBe(null);
    },
  );

  test("is the configuration's for that upstream, then the user's file's, then the list's", () => {
    const table = new PriceTable(new Map([["here/gpt-5", CHEAP]]), new Map([["gpt-5", DEAR]]));
    expect(table.priceOf("here", "gpt-5")).toEqual(CHEAP);
    expect(table.priceOf("there", "gpt-5")).toEqual(DEAR);
    expect(table.priceOf("there", "gpt-5-2025-08-07")).toEqual(DEAR);
    expect(table.priceOf("there", "gpt-4o")?.input).toBe(2.5);
  });

  test("what the cache gives costs as the rest where no price of its own is known", () => {
    expect(new PriceTable(NONE, NONE).priceOf("a", "gpt-5-pro")?.cachedInput).toBe(15);
  });
});
