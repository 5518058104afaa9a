/** docs/errors.md and the table in the code say the same. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERROR_STATUS } from "../../src/core/errors.ts";

test("docs/errors.md lists every code with its status, and no other", () => {
  const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)];
  const documented = Object.fromEntries(rows.map(([, code, status]) => [code, Number(status)]));
  expect(documented).toEqual(ERROR_STATUS);
});
