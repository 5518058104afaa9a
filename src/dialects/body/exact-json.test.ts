import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../core/dialect.ts";
import { parseExactly } from "./exact-json.ts";
import { amountIn, countIn, MOST_TOKENS, parseJsonExactly } from "./json-fields.ts";

describe("JSON is written again as it came", () => {
  test.each([
    '{"id":1234567890123456789}',
    '{"input":{"ids":[-12345678901234567890,9007199254740993]}}',
    '[18446744073709551615,"18446744073709551615"]',
  ])("%s", (text) => {
    expect(JSON.stringify(parseExactly(text))).toBe(text);
  });
});

test("wherever it stands", () => {
  for (let blanks = 0; blanks < 40; blanks++) {
    const text = `{"id":${" ".repeat(blanks)}9007199254740993}`;
    expect(JSON.stringify(parseExactly(text))).toBe('{"id":9007199254740993}');
  }
});

test("what a double holds is a number, and fractions are", () => {
  const text = '{"a":9007199254740991,"b":[0.12345678901234567,1e21],"c":" 12345678901234567 "}';
  expect(parseExactly(text)).toEqual(JSON.parse(text));
});

test("one that is to be counted with is a number all the same", () => {
  const body = parseExactly('{"max_tokens":99999999999999999999}') as JsonObject;
  expect(countIn(body["max_tokens"])).toBe(MOST_TOKENS);
  expect(amountIn(body["max_tokens"])).toBe(1e9);
  expect(parseJsonExactly("99999999999999999999")).toBe(1e20);
});

test("any other JSON is read as by JSON.parse", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      expect(JSON.stringify(parseExactly(text))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
  expect(() => parseExactly('{"id":12345678901234567890,}')).toThrow(SyntaxError);
});
