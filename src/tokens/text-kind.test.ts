import { expect, test } from "vitest";
import { makeText, type TextSort } from "../../test/support/texts/texts.ts";
import { INPUT_KINDS } from "../core/input-estimate.ts";
import { textKind } from "./text-kind.ts";

test.each([
  ["prose", "prose"],
  ["code", "code"],
  ["json", "data"],
  ["chinese", "ideographs"],
  ["russian", "script"],
  ["base64", "dense"],
] as const)("%s is told by its characters", (sort: TextSort, kind) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const text = makeText(sort, 2_000, seed);
    expect(INPUT_KINDS[textKind(text, 0, text.length)]).toBe(kind);
  }
});
