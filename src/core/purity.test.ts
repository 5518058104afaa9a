/** The core decides and does nothing else: no clock, no chance, no waiting, no world outside. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const CORE = import.meta.dirname;
const IMPORT = /\bfrom\s+"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g;
const FORBIDDEN = [
  /\bDate\.now\b/,
  /\bnew Date\b/,
  /\bsetTimeout\b/,
  /\bsetInterval\b/,
  /\bsetImmediate\b/,
  /\bqueueMicrotask\b/,
  /\bMath\.random\b/,
  /\bperformance\./,
  /\bprocess\./,
  /\bcrypto\b/,
  /\bawait\b/,
  /\basync\b/,
  /\bnew Promise\b/,
  /\bfetch\s*\(/,
  /\bconsole\./,
];

const sources = readdirSync(CORE, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => ({ file, code: withoutComments(readFileSync(resolve(CORE, file), "utf8")) }));

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
}

function importsOf(code: string): string[] {
  return [...code.matchAll(IMPORT)].map(([, from, dynamic]) => from ?? dynamic);
}

test("there is something to look at", () => {
  expect(sources.length).toBeGreaterThan(20);
  expect(sources.flatMap(({ code }) => importsOf(code)).length).toBeGreaterThan(40);
});

test.each(FORBIDDEN)("no source of the core has %s", (pattern) => {
  expect(sources.filter(({ code }) => pattern.test(code)).map(({ file }) => file)).toEqual([]);
});

test("no source of the core imports anything from outside it", () => {
  const outside = sources.flatMap(({ file, code }) =>
    importsOf(code)
      .filter((target) => {
        const path = resolve(dirname(resolve(CORE, file)), target);
        return !target.startsWith(".") || relative(CORE, path).startsWith("..");
      })
      .map((target) => `${file} -> ${target}`),
  );
  expect(outside).toEqual([]);
});
