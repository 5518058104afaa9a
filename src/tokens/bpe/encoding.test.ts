import fc from "fast-check";
import cl100k from "tiktoken/encoders/cl100k_base.json" with { type: "json" };
import o200k from "tiktoken/encoders/o200k_base.json" with { type: "json" };
import { Tiktoken } from "tiktoken/lite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeText, TEXT_SORTS } from "../../../test/support/texts/texts.ts";
import type { Encoding } from "./encoding.ts";
import type { EncodingName } from "./encoding-names.ts";
import { encodingIfLoaded, loadEncoding } from "./encodings.ts";

const PUBLISHED = { o200k_base: o200k, cl100k_base: cl100k };
const NAMES: readonly EncodingName[] = ["o200k_base", "cl100k_base"];

describe.each(NAMES)("%s", (name) => {
  const { bpe_ranks, special_tokens, pat_str } = PUBLISHED[name];
  const tiktoken = new Tiktoken(bpe_ranks, special_tokens, pat_str);
  let encoding: Encoding;

  beforeAll(async () => {
    expect(encodingIfLoaded(name)).toBe(null);
    encoding = await loadEncoding(name);
    expect(encodingIfLoaded(name)).toBe(encoding);
  });
  afterAll(() => tiktoken.free());

  const check = (text: string) => {
    expect(encoding.count(text), JSON.stringify(text)).toBe(tiktoken.encode(text, [], []).length);
  };

  test.each(TEXT_SORTS)("counts %s as tiktoken does", (sort) => {
    for (const seed of [1, 2, 3]) check(makeText(sort, 4_000, seed));
  });

  test("counts any text as tiktoken does", () => {
    const anyText = fc.string({ unit: "grapheme", maxLength: 60 });
    const mixture = fc.array(fc.oneof(anyText, fc.constantFrom(...ODDITIES)), { maxLength: 8 });
    fc.assert(
      fc.property(mixture, (parts) => check(parts.join(""))),
      { numRuns: 500 },
    );
  });

  test("counts what has no break", () => {
    for (const run of ["x", " ", "-", "字", "ab", "\n", "🙂"]) check(run.repeat(1_500));
  });

  test("counts nothing as nothing, and a lone surrogate as what stands for it", () => {
    expect(encoding.count("")).toBe(0);
    expect(encoding.count("a\ud800b")).toBe(encoding.count("a\ufffdb"));
  });

  test("counts words that look like special tokens as text", () => {
    expect(encoding.count("<|endoftext|>")).toBeGreaterThan(3);
  });
});

const ODDITIES = [
  "  \n \t",
  "\r\n\r\n",
  "don't WE'LL",
  "123456 7",
  "été",
  "ŒUVRE",
  "<|endoftext|>",
  "'s'S",
  "ﬁ",
  "e\u0301",
  "\u200d",
  "\ufeff",
  "한국어",
  "العربية",
  "हिन्दी",
  "//\n///",
  "\u00a0\u2003",
  "\u0085",
];
