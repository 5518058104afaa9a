import { describe, expect, test } from "vitest";
import { makeText } from "../../test/support/texts/texts.ts";
import { INPUT_KINDS } from "../core/input-estimate.ts";
import { TextCounter } from "./text-counter.ts";

/** Counts words, and how many characters it was given. */
function watched() {
  const seen = { characters: 0 };
  const counter = new TextCounter((text) => {
    seen.characters += text.length;
    return words(text);
  }, 1_024);
  const count = (texts: readonly string[]) => {
    const tokens = new Float64Array(INPUT_KINDS.length);
    counter.addTokens(texts, tokens);
    return tokens.reduce((sum, one) => sum + one, 0);
  };
  return { seen, count };
}

const words = (text: string) => text.match(/\S+/g)?.length ?? 0;

describe("new text", () => {
  test("is counted to the last character up to 24 Ki", () => {
    const { seen, count } = watched();
    const texts = [1, 2, 3].map((seed) => makeText("prose", 8_000, seed));
    expect(count(texts)).toBe(texts.reduce((sum, text) => sum + words(text), 0));
    expect(seen.characters).toBe(24_000);
  });

  test.each([
    ["one text", () => [makeText("prose", 1_000_000, 1)]],
    ["many texts", () => Array.from({ length: 500 }, (_, i) => makeText("prose", 2_000, i))],
    [
      "very many short ones",
      () => Array.from({ length: 9_000 }, (_, i) => makeText("prose", 60, i)),
    ],
    ["prose after code", () => [makeText("code", 300_000, 1), makeText("prose", 300_000, 2)]],
  ])("beyond that is sampled: %s", (_, texts) => {
    const { seen, count } = watched();
    const all = texts();
    const exact = all.reduce((sum, text) => sum + words(text), 0);
    expect(Math.abs(count(all) / exact - 1)).toBeLessThan(0.04);
    expect(seen.characters).toBeLessThan(40_000);
  });

  test("of wide characters is sampled earlier, for it takes three times as long", () => {
    const { seen, count } = watched();
    count([makeText("chinese", 30_000, 1)]);
    expect(seen.characters).toBeLessThan(10_000);
  });

  test("of nothing is nothing", () => {
    const { count } = watched();
    expect([count([]), count(["", ""])]).toEqual([0, 0]);
  });
});

describe("text that was there before", () => {
  test("is not counted again", () => {
    const { seen, count } = watched();
    const history = Array.from({ length: 11 }, (_, i) => makeText("prose", 2_000 + i, i));
    const first = count(history);
    seen.characters = 0;
    const message = makeText("code", 500, 99);
    expect(count([...history, message])).toBeCloseTo(first + words(message), 0);
    expect(seen.characters).toBe(500);
  });

  test("is told from other text of the same length", () => {
    const { count } = watched();
    expect(count(["a ".repeat(100)])).not.toBe(count(["aaaa ".repeat(40)]));
    expect(count(["a ".repeat(100)])).toBe(100);
  });
});
