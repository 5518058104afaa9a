import fc from "fast-check";
import { expect, test } from "vitest";
import { boundedLines } from "./bounded-lines.ts";

async function linesOf(chunks: readonly (string | Uint8Array)[], longest = 10) {
  const lines: [number, string | null][] = [];
  const stream = (async function* () {
    yield* chunks;
  })();
  for await (const { number, text } of boundedLines(stream, longest)) lines.push([number, text]);
  return lines;
}

test("lines are the same however the bytes were cut", async () => {
  const text = "one\n\nzwölf €\nlast";
  const expected = [
    [1, "one"],
    [2, ""],
    [3, "zwölf €"],
    [4, "last"],
  ];
  const bytes = new TextEncoder().encode(text);
  const cuts = fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(cuts, async (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
      expect(await linesOf(chunks)).toEqual(expected);
    }),
  );
});

test("a line that is too long is counted, not kept", async () => {
  expect(await linesOf(["abc\n0123456", "789", "0\n", "x"])).toEqual([
    [1, "abc"],
    [2, null],
    [3, "x"],
  ]);
  expect(await linesOf(["0123456789"])).toEqual([[1, "0123456789"]]);
  expect(await linesOf(["01234567890"])).toEqual([[1, null]]);
});

test("an end without a line break ends the last line; nothing is no line", async () => {
  expect(await linesOf(["a\n"])).toEqual([[1, "a"]]);
  expect(await linesOf([])).toEqual([]);
});
