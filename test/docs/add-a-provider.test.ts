/** The page about adding a provider is true: its file, its line and its answers. */

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

function blocksOf(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]+?)\`\`\``, "g"))].map(
    ([, block]) => block,
  );
}

test("a provider takes the file and the line of docs/add-a-provider.md", () => {
  const page = readFileSync(join(ROOT, "docs/add-a-provider.md"), "utf8");
  const [file, line] = blocksOf(page, "ts");
  const [responses, answers] = blocksOf(page, "json");
  const folder = mkdtempSync(join(tmpdir(), "sluice-provider-"));
  try {
    cpSync(join(ROOT, "src"), join(folder, "src"), { recursive: true });
    cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "src/dialects/compatible/acme.ts"), file);
    const registry = join(folder, "src/dialects/registry.ts");
    const before = readFileSync(registry, "utf8");
    const added = before
      .replace("import { anthropic }", 'import { acme } from "./compatible/acme.ts";\n$&')
      .replace("  [anthropic],\n", `$&${line}`);
    writeFileSync(registry, added);
    const config = "upstreams: { it: { dialect: acme, base_url: 'https://a.example' } }\n";
    writeFileSync(join(folder, "sluice.yaml"), config);

    const run = (args: readonly string[], input = "") =>
      spawnSync(process.execPath, [join(folder, "src/cli/main.ts"), ...args], {
        cwd: folder,
        encoding: "utf8",
        input,
      });
    const { stdout, stderr, status } = run(["classify"], responses);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    const parsed = (text: string) =>
      text
        .trim()
        .split("\n")
        .map((one) => JSON.parse(one));
    expect(parsed(stdout)).toEqual(parsed(answers));
    expect(run(["check"]).stdout).toMatch(/: ok\n/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
