/** docs/providers.md names every dialect and every other name, and no others. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DIALECT_NAMES } from "../../src/dialects/registry.ts";

test("the list of providers is that of the registry", () => {
  const page = readFileSync(new URL("../../docs/providers.md", import.meta.url), "utf8");
  const firstCells = [...page.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell]) => cell);
  const names = firstCells.flatMap((cell) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  expect(names.sort()).toEqual([...DIALECT_NAMES].sort());
});
