/** SECURITY.md names tests that exist: a claim without one is a hope. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../../", import.meta.url);

test("each defence in SECURITY.md names a test, and each is there", () => {
  const page = readFileSync(new URL("SECURITY.md", ROOT), "utf8");
  const [, table] = /\n\|---\|---\|---\|\n([\s\S]*?)\n\n/.exec(page) ?? [];
  const rows = (table ?? "").split("\n");
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) {
    const named = [...row.matchAll(/`((?:src|test)\/[^`]+\.test\.ts)`/g)].map(([, path]) => path);
    expect(named.length + (/soak/.test(row) ? 1 : 0), row).toBeGreaterThan(0);
    for (const path of named) expect(existsSync(new URL(path, ROOT)), path).toBe(true);
  }
});
