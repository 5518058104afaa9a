/** The README's library example runs as it is written. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { INSTANT, startMock } from "../../src/mock/index.ts";

const ROOT = resolve(import.meta.dirname, "../..");

test("the library example of the README runs as it is written", async () => {
  const page = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, example] = /```ts\n([\s\S]+?)```/.exec(page) ?? [];
  const folder = mkdtempSync(join(tmpdir(), "sluice-readme-"));
  await using mock = await startMock({ dialect: "openai", latency: INSTANT });
  const openai = {
    dialect: "openai",
    base_url: `${mock.url}/v1`,
    api_key: "k",
    limits: [{ rpm: 60 }],
  };
  const tenants = { acme: { tier: "premium" } };
  writeFileSync(join(folder, "sluice.yaml"), JSON.stringify({ tenants, upstreams: { openai } }));
  const code = example
    .replace('"sluice"', JSON.stringify(join(ROOT, "src/index.ts")))
    .replace("maxRetries: 0 }", `maxRetries: 0, baseURL: ${JSON.stringify(`${mock.url}/v1`)} }`);
  writeFileSync(join(folder, "example.ts"), code);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  try {
    await promisify(execFile)(process.execPath, ["example.ts"], { cwd: folder });
    expect(mock.stats().ok).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
