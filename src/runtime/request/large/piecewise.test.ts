import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeText } from "../../../../test/support/texts/texts.ts";
import { parseBody } from "./parse-body.ts";
import { readPiecewise } from "./piecewise.ts";

function read(text: string): { readonly value: unknown; readonly steps: number } {
  const reading = readPiecewise(Buffer.from(text));
  for (let steps = 1; ; steps++) {
    const step = reading.next();
    if (step.done) return { value: step.value, steps };
  }
}

const LONG = "x".repeat(300_000);

describe("a long text", () => {
  test.each([
    [
      "messages",
      {
        model: "gpt-5",
        messages: [1, 2, 3].map((seed) => ({ content: makeText("json", 200_000, seed) })),
      },
    ],
    ["one long string", { a: LONG, b: [LONG, LONG], c: { d: LONG } }],
    ["escapes at every place", { a: '\\"\n\u0001é🙂'.repeat(60_000) }],
    ["many numbers", { input: Array.from({ length: 100_000 }, (_, i) => i) }],
    [
      "many members",
      Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`name ${i}`, i])),
    ],
    ["nesting", [[[[{ a: [LONG, [LONG]] }]]], LONG]],
    ["a long name", { [LONG]: { [`${LONG}y`]: 1 } }],
    ["nothing in it", { a: [], b: {}, c: "", d: LONG, e: [[], {}] }],
  ])("is read as JSON.parse reads it, in many steps: %s", (_, value) => {
    for (const text of [JSON.stringify(value), ` ${JSON.stringify(value, null, 1)}\n`]) {
      const { value: found, steps } = read(text);
      expect(JSON.stringify(found) === JSON.stringify(value)).toBe(true);
      expect(steps).toBeGreaterThan(2);
    }
  });

  test.each([
    `["${LONG}",]`,
    `[,"${LONG}"]`,
    `["${LONG}"`,
    `["${LONG}"}`,
    `["${LONG}" 1]`,
    `{"a":"${LONG}",}`,
    `{"a" "${LONG}"}`,
    `{"a":"${LONG}" "b":1}`,
    `{1:"${LONG}"}`,
    `"${LONG}`,
    `"${LONG}\\"`,
    `["${LONG}"] 1`,
    `["${LONG}\n"]`,
    `["${LONG}",${"[".repeat(300_000)}`,
    `["${LONG}",${"1".repeat(300_000)}x]`,
    `[${"1,".repeat(200_000)}]`,
    `[${`"${"y".repeat(1_000)}",`.repeat(400)}]`,
  ])("that is no JSON is refused: case %#", (text) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(() => read(text)).toThrow(SyntaxError);
  });

  test("may hold a member named __proto__", () => {
    const text = `{"__proto__":{"a":"${LONG}"},"b":1}`;
    const { value } = read(text);
    expect(Object.keys(value as object)).toEqual(["__proto__", "b"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

test("any JSON is read as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.json(), fc.json(), (short, other) => {
      const text = `[${short},"${LONG}",{"a":${other}}]`;
      expect(JSON.stringify(read(text).value) === JSON.stringify(JSON.parse(text))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

describe("a body above 2 MB", () => {
  const messages = [1, 2, 3].map((seed) => ({ content: makeText("code", 900_000, seed) }));

  test("is parsed in turns, and others come in between", async () => {
    let turns = 0;
    let isDone = false;
    const others = () => {
      turns++;
      if (!isDone) setImmediate(others);
    };
    setImmediate(others);
    const found = await parseBody(Buffer.from(JSON.stringify({ model: "m", messages })));
    isDone = true;
    expect(found?.model).toBe("m");
    expect(JSON.stringify(found?.messages) === JSON.stringify(messages)).toBe(true);
    expect(turns).toBeGreaterThan(0);
  });

  test.each([
    JSON.stringify([messages]),
    `${JSON.stringify({ messages })}x`,
    `"${LONG.repeat(8)}"`,
  ])("that is no object is none: case %#", async (text) => {
    expect(await parseBody(Buffer.from(text))).toBe(null);
  });
});
