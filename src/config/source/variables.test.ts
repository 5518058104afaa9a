import { describe, expect, test } from "vitest";
import { replaceVariables } from "./variables.ts";

const env = { KEY: "sk-1", EMPTY: "", NESTED: `\${KEY}`, TRICKY: 'a: "b"\n$&' };

function check(text: string, expected: string): void {
  const replaced = replaceVariables(text, env);
  expect(replaced).toMatchObject({ text: expected, missing: [], malformed: null });
}

describe("variables", () => {
  test("replaces a name by its value", () => check(`\${KEY}`, "sk-1"));
  test("replaces several in one text", () => check(`a-\${KEY}-\${KEY}`, "a-sk-1-sk-1"));
  test("takes the default when unset", () => check(`\${NONE:-x: y}`, "x: y"));
  test("takes the default when empty, as a shell does", () => check(`\${EMPTY:-x}`, "x"));
  test("keeps an empty value that has no default", () => check(`\${EMPTY}`, ""));
  test("allows an empty default", () => check(`\${NONE:-}`, ""));
  test("never replaces inside a value", () => check(`\${NESTED}`, `\${KEY}`));
  test("copies a value literally, whatever it holds", () => check(`\${TRICKY}`, 'a: "b"\n$&'));
  test(`leaves $\${ as a literal \${`, () => check(`$\${KEY}`, `\${KEY}`));
  test("leaves lone dollars alone", () => check("pa$$word $KEY", "pa$$word $KEY"));

  test("names what is missing", () => {
    expect(replaceVariables(`\${A}\${B}`, env).missing).toEqual(["A", "B"]);
  });

  test("does not find a variable in an object's prototype", () => {
    expect(replaceVariables(`\${constructor}`, env).missing).toEqual(["constructor"]);
  });

  test.each([`\${A B}`, `\${1A}`, `\${}`, `\${KEY`, `\${A:-\${KEY}}`, `\${A-b}`])(
    "refuses %s",
    (text) => {
      expect(replaceVariables(text, env).malformed).not.toBeNull();
    },
  );
});
