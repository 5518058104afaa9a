import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type Loaded, loadConfig } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-random-"));
afterAll(() => rmSync(folder, { recursive: true }));

const EXAMPLE_TEXT = readFileSync(new URL("example.yaml", import.meta.url), "utf8");
const EXAMPLE = parse(EXAMPLE_TEXT) as Record<string, unknown>;

function expectVerdict(loaded: Loaded): void {
  if (loaded.ok) return;
  expect(loaded.problems.length).toBeGreaterThan(0);
  for (const { field, found, expected } of loaded.problems) {
    expect([field, found, expected].every((words) => words.length > 0)).toBe(true);
    // A value with no words of its own, or a message zod made, is a hole in ours.
    expect(`${found} ${expected}`).not.toMatch(/undefined|\[object|Invalid input/);
  }
}

/** Replaces the value at a random place of the example by anything. */
const broken = fc
  .tuple(fc.array(fc.nat(20), { maxLength: 6 }), fc.jsonValue())
  .map(([steps, value]) => replaced(EXAMPLE, steps, value));

function replaced(value: unknown, steps: readonly number[], by: unknown): unknown {
  if (steps.length === 0 || typeof value !== "object" || value === null) return by;
  const keys = Object.keys(value);
  const key = keys[steps[0] % keys.length];
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  if (key !== undefined) copy[key] = replaced(copy[key], steps.slice(1), by);
  return copy;
}

describe("whatever comes, the answer is a configuration or problems", () => {
  test("for any JSON value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (object) => expectVerdict(loadConfig({ object, env: {} }))),
    );
  });

  test("for the example with anything in any place", () => {
    const check = (object: unknown) => expectVerdict(loadConfig({ object, env: {} }));
    fc.assert(fc.property(broken, check), { numRuns: 300 });
  });

  test("for JSON that is no configuration, told by line", () => {
    const file = join(folder, "sluice.json");
    const check = (value: unknown) => {
      writeFileSync(file, JSON.stringify(value, null, "\t"));
      const loaded = loadConfig({ file, env: {} });
      expectVerdict(loaded);
      if (!loaded.ok) expect(loaded.problems.every(({ line }) => (line ?? 0) >= 1)).toBe(true);
    };
    fc.assert(fc.property(broken, check), { numRuns: 100 });
  });

  test("for the example's text cut, doubled or overwritten anywhere", () => {
    const file = join(folder, "sluice.yaml");
    const edit = fc.tuple(fc.nat(EXAMPLE_TEXT.length), fc.nat(40), fc.string({ maxLength: 10 }));
    const check = ([at, length, text]: [number, number, string]) => {
      writeFileSync(file, EXAMPLE_TEXT.slice(0, at) + text + EXAMPLE_TEXT.slice(at + length));
      expectVerdict(loadConfig({ file, env: {} }));
    };
    fc.assert(fc.property(edit, check), { numRuns: 100 });
  });
});
