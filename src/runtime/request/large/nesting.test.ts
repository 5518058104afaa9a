import { describe, expect, test } from "vitest";
import { isNestedDeeper } from "./nesting.ts";
import { parseBody } from "./parse-body.ts";

function check(text: string, levels: number, expected: boolean) {
  test(`${text.slice(0, 40)} is ${expected ? "" : "not "}deeper than ${levels}`, () => {
    expect(isNestedDeeper(Buffer.from(text), levels)).toBe(expected);
  });
}

describe("nesting", () => {
  check("[[[]]]", 3, false);
  check("[[[]]]", 2, true);
  check('{"a":[{"b":1}]}', 3, false);
  check('{"a":[{"b":1}]}', 2, true);
  check("[[],[],[],[]]", 2, false);
  check('["[[[[{{{{"]', 1, false);
  check('["\\"[[[[", "\\\\", [[]]]', 2, true);
  check('["\\"[[[[", "\\\\", []]', 2, false);
  check('["[[[[', 1, false);
});

test("a body of any size that is nested too deep is no body, others are read", async () => {
  const nested = (levels: number, padding: number) =>
    Buffer.from(
      `{"p":"${"x".repeat(padding)}","x":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`,
    );
  for (const padding of [0, 3_000_000]) {
    expect(await parseBody(nested(256, padding))).toHaveProperty("x");
    expect(await parseBody(nested(257, padding))).toBeNull();
    expect(await parseBody(nested(100_000, padding))).toBeNull();
  }
});
