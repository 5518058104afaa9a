import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseList } from "./structured-fields.ts";

const plain = (text: string) =>
  parseList(text)?.map(({ key, value, parameters }) => ({
    key,
    value,
    ...Object.fromEntries(parameters),
  })) ?? null;

describe("structured field lists", () => {
  test.each([
    ['"burst";q=100;w=60', [{ key: null, value: "burst", q: 100, w: 60 }]],
    [
      '"a";q=1 , "b";q=2.5',
      [
        { key: null, value: "a", q: 1 },
        { key: null, value: "b", q: 2.5 },
      ],
    ],
    ["default;r=50;t=30", [{ key: null, value: "default", r: 50, t: 30 }]],
    ["100;w=60", [{ key: null, value: 100, w: 60 }]],
    [
      "limit=100, reset=-1",
      [
        { key: "limit", value: 100 },
        { key: "reset", value: -1 },
      ],
    ],
    ['"p";pk=:aGk=:;flag', [{ key: null, value: "p", pk: "aGk=", flag: true }]],
    ['"quo\\"te";x=?0', [{ key: null, value: 'quo"te', x: false }]],
  ])("read %s", (text, members) => {
    expect(plain(text)).toEqual(members);
  });

  test.each([
    "",
    '"open',
    '"a";',
    '"a",',
    '"a" "b"',
    ";q=1",
    '"a";q=',
    "(1 2)",
    `"${"x".repeat(5_000)}"`,
  ])("ignore all of a malformed field: %j", (text) => {
    expect(parseList(text)).toBeNull();
  });

  test("never throw", () => {
    const soup = fc.string({ unit: fc.constantFrom(...'"\\;=,:?a1.- ()') });
    fc.assert(fc.property(soup, (text) => void parseList(text)));
  });
});
