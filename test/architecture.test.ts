/** Architecture: arrows between folders point down, imports make no circles, the core stays pure. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const SOURCE = resolve(import.meta.dirname, "../src");

/** Which folders each folder may import; what is not listed is forbidden. A new arrow needs a reason in ARCHITECTURE.md. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ["core", "dialects"],
  prices: ["core"],
  stores: ["core"],
  tenants: ["core", "config", "stores"],
  tokens: ["core"],
  dialects: ["core", "tokens"],
  translate: ["core", "dialects"],
  runtime: ["core", "config", "dialects", "tokens", "translate", "prices", "stores", "tenants"],
  gateway: ["core", "config", "dialects", "runtime", "stores", "tenants"],
  workload: ["core"],
  figures: ["workload"],
  simulator: ["core", "config", "figures", "runtime", "stores", "workload"],
  mock: [],
  demo: ["core", "config", "figures", "workload", "runtime", "gateway", "mock"],
  cli: [
    "core",
    "config",
    "dialects",
    "figures",
    "gateway",
    "mock",
    "workload",
    "demo",
    "simulator",
    "stores",
    "tenants",
  ],
  "index.ts": ["core", "runtime", "tokens"],
};

const IMPORT = /(?:^|\n)\s*(?:import|export)\b[^"';]*?\bfrom\s+"([^"]+)"|\bimport\("([^"]+)"\)/g;

function sourceFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sourceFiles(path);
    return name.endsWith(".ts") && !name.endsWith(".test.ts") ? [path] : [];
  });
}

const importsOf = new Map(
  sourceFiles(SOURCE).map((file) => {
    const text = readFileSync(file, "utf8");
    return [file, [...text.matchAll(IMPORT)].map(([, from, dynamic]) => from ?? dynamic)] as const;
  }),
);

function localImports(file: string): string[] {
  const imports = importsOf.get(file) ?? [];
  return imports.filter((name) => name.startsWith(".")).map((name) => resolve(dirname(file), name));
}

function folderOf(file: string): string {
  return relative(SOURCE, file).split("/")[0];
}

describe("architecture", () => {
  test("every folder is in the table", () => {
    expect(new Set([...importsOf.keys()].map(folderOf))).toEqual(new Set(Object.keys(MAY_IMPORT)));
  });

  test.each(Object.keys(MAY_IMPORT))("%s imports only what lies below it", (folder) => {
    const forbidden = [...importsOf.keys()]
      .filter((file) => folderOf(file) === folder)
      .flatMap((file) => localImports(file).map((target) => ({ file, target })))
      .filter(({ target }) => folderOf(target) !== folder)
      .filter(({ target }) => !MAY_IMPORT[folder].includes(folderOf(target)))
      .map(({ file, target }) => `${relative(SOURCE, file)} -> ${relative(SOURCE, target)}`);
    expect(forbidden).toEqual([]);
  });

  test("no import circle, types included", () => {
    const state = new Map<string, "open" | "done">();
    const circles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      if (state.get(file) === "done") return;
      if (state.get(file) === "open") {
        const circle = [...trail.slice(trail.indexOf(file)), file];
        circles.push(circle.map((one) => relative(SOURCE, one)).join(" -> "));
        return;
      }
      state.set(file, "open");
      for (const target of localImports(file)) visit(target, [...trail, file]);
      state.set(file, "done");
    };
    for (const file of importsOf.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });

  test("the core imports no package", () => {
    const foreign = [...importsOf]
      .filter(([file]) => folderOf(file) === "core")
      .flatMap(([, imports]) => imports.filter((name) => !name.startsWith(".")));
    expect(foreign).toEqual([]);
  });
});
