/** The page about credentials is true: its examples are valid, and there is one of each kind. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadConfig } from "../../src/config/index.ts";
import { configJsonSchema } from "../../src/config/schema/config-schema.ts";
import { createServiceAccount } from "../support/service-account.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/credentials.md"), "utf8");
const examples = [...page.matchAll(/```yaml\n([\s\S]+?)```/g)].map(([, text]) => text);
const folder = mkdtempSync(join(tmpdir(), "sluice-docs-"));
using account = createServiceAccount("https://oauth2.googleapis.com/token");
writeFileSync(join(folder, "google-key.json"), readFileSync(account.file));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every variable is set, so that nothing is left out. */
const VARIABLES = Object.fromEntries(
  [...page.matchAll(/\$\{(\w+)/g)].map(([, name]) => [name, "secret-us21"]),
);

test.each(examples.map((text, index) => [index + 1, text] as const))(
  "example %i is valid, and all of it is active",
  (index, text) => {
    const file = join(folder, `${index}.yaml`);
    writeFileSync(file, text);
    const loaded = loadConfig({ file, env: VARIABLES });
    expect(
      loaded.ok ? [] : loaded.problems.map(({ field, found }) => `${field}: ${found}`),
    ).toEqual([]);
    if (!loaded.ok) return;
    expect(loaded.inactive).toEqual([]);
    for (const { credentials } of loaded.config.upstreams.values()) {
      expect(credentials.length).toBeGreaterThan(0);
    }
  },
);

test("there is an example of each kind", () => {
  const schema = JSON.stringify(configJsonSchema());
  const kinds = [...schema.matchAll(/"kind":\{[^{}]*"const":"([a-z0-9-]+)"/g)].map(
    ([, kind]) => kind,
  );
  expect(kinds).toContain("google-service-account");
  const auth = kinds.slice(kinds.indexOf("bearer"), kinds.indexOf("google-service-account") + 1);
  for (const kind of auth) expect(page, kind).toContain(`kind: ${kind}`);
});
