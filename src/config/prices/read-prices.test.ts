import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadConfig } from "../load.ts";
import { describeProblem } from "../problem.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-prices-"));
afterAll(() => rmSync(folder, { recursive: true }));

function problemsOf(text: string | null): string[] {
  const file = join(folder, "prices.yaml");
  if (text === null) rmSync(file, { force: true });
  else writeFileSync(file, text);
  const loaded = loadConfig({ object: { prices: file }, env: {} });
  const place = `${folder}/`;
  return loaded.ok ? [] : loaded.problems.map((one) => describeProblem(one).replace(place, ""));
}

describe("a file of prices", () => {
  test.each<[string | null, RegExp]>([
    [null, /^prices\.yaml: \(root\): found no such file/],
    [
      "models: [1]",
      /^prices\.yaml:1: models: found a list, expected a mapping from names to prices/,
    ],
    ["models:\n  a: { input: -1, output: 2 }", /^prices\.yaml:2: models\.a\.input: found -1/],
    ["models:\n  a: { input: 1 }", /models\.a\.output: found nothing, expected a number/],
    ["models:\n  a: { input: 1, outptu: 2 }", /did you mean `output`/],
    ["modles: {}", /unknown field "modles"/],
  ])("%j: says what is wrong, and where", (text, message) => {
    const problems = problemsOf(text);
    expect(problems.some((one) => message.test(one))).toBe(true);
  });

  test("may be empty, or JSON", () => {
    expect(problemsOf("models:")).toEqual([]);
    expect(problemsOf('{ "models": { "a": { "input": 0, "output": 0 } } }')).toEqual([]);
  });
});
