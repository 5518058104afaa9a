import { describe, expect, test } from "vitest";
import { CountMemory, keyOf, kindIn, tokensIn } from "./count-memory.ts";

const PLACES = 64;

test("what is remembered is found, with its kind", () => {
  const memory = new CountMemory(PLACES);
  memory.remember(keyOf("one"), 3, 1_000_000);
  memory.remember(keyOf("two"), 0, 2);
  const [one, two] = ["one", "two"].map((text) => memory.find(keyOf(text)));
  expect([kindIn(one), tokensIn(one), kindIn(two), tokensIn(two)]).toEqual([3, 1_000_000, 0, 2]);
  expect(memory.find(keyOf("three"))).toBe(-1);
});

describe("a full memory", () => {
  test("holds no more than it has places, and never answers for another text", () => {
    const memory = new CountMemory(PLACES);
    const texts = Array.from({ length: 1_000 }, (_, i) => `text ${i}`);
    for (const [i, text] of texts.entries()) memory.remember(keyOf(text), 1, i);
    const found = texts.filter((text) => memory.find(keyOf(text)) >= 0);
    expect(found.length).toBeGreaterThan(PLACES / 2);
    expect(found.length).toBeLessThanOrEqual(PLACES);
    for (const text of found) expect(`text ${tokensIn(memory.find(keyOf(text)))}`).toBe(text);
  });

  test("lets go what was not used", () => {
    const memory = new CountMemory(2);
    const [a, b, c] = ["a", "b", "c"].map(keyOf);
    memory.remember(a, 0, 1);
    memory.remember(b, 0, 2);
    memory.find(a);
    memory.remember(c, 0, 3);
    expect([a, b, c].map((key) => memory.find(key) >= 0)).toEqual([true, false, true]);
  });
});

test("long texts are known by their ends and their length", () => {
  const long = "x".repeat(3_000_000);
  expect(keyOf(long)).toBe(keyOf("x".repeat(3_000_000)));
  expect(keyOf(`${long}x`)).not.toBe(keyOf(long));
  expect(keyOf(`${long.slice(1)}y`)).not.toBe(keyOf(long));
  expect(Number.isSafeInteger(keyOf(long))).toBe(true);
});
