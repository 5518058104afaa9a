/** The commands of docs/scale.md run, and what the page promises of them holds. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const PAGE = readFileSync(join(ROOT, "docs/scale.md"), "utf8");
const COMMANDS = [...PAGE.matchAll(/^npx sluice (.+)$/gm)].map(([, args]) => args.split(" "));
const ROWS = 1_500;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-scale-"));
  const rows = Array.from({ length: ROWS }, (_, i) => `${i / 25},c${i % 7},${100 + (i % 90)},50`);
  const heading = "time_s,client,input_tokens,output_tokens";
  writeFileSync(join(folder, "requests.csv"), `${[heading, ...rows].join("\n")}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

test("there is something to run", () => expect(COMMANDS.length).toBeGreaterThan(1));

test.each(COMMANDS)("sluice %s ...", { timeout: 60_000 }, (...args) => {
  const main = join(ROOT, "src/cli/main.ts");
  const told = execFileSync(process.execPath, [main, ...args, "--json"], { cwd: folder });
  const { sluice } = JSON.parse(told.toString()).policies;
  expect(sluice).toMatchObject({ upstream429: 0, inversions: 0 });
  const instances = Number(args[args.indexOf("--instances") + 1]);
  expect(sluice.store.instances).toBe(instances);
});
