/** Load: reads, checks and resolves a configuration; everything wrong comes back as problems, never as an exception. */
import { dirname } from "node:path";
import { checkSource } from "./check/check.ts";
import type { Config } from "./config.ts";
import { type InactiveKey, inactiveKeys } from "./inactive.ts";
import { readPrices } from "./prices/read-prices.ts";
import type { Problem } from "./problem.ts";
import { resolveConfig } from "./resolve/resolve.ts";
import { KeyFiles } from "./source/key-files.ts";
import { listeningOn, type Origin, openSource } from "./source/source.ts";
import type { Environment } from "./source/variables.ts";

export type LoadOptions = Origin & {
  /** Replaces `${NAME}` in texts; usually `process.env`. */
  readonly env: Environment;
  /** Takes the place of `server.listen`. */
  readonly listen?: string;
};

export type Loaded =
  | { readonly ok: true; readonly config: Config; readonly inactive: readonly InactiveKey[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Loads a file (YAML or JSON) or an object of the same shape.
 *
 * @example
 * const loaded = loadConfig({ file: "sluice.yaml", env: process.env });
 * if (!loaded.ok) for (const problem of loaded.problems) console.error(describeProblem(problem));
 */
export function loadConfig(options: LoadOptions): Loaded {
  const opened = openSource(options, options.env);
  const source = options.listen === undefined ? opened : listeningOn(opened, options.listen);
  const keyFiles = new KeyFiles("file" in options ? dirname(options.file) : ".");
  const checked = checkSource(source, keyFiles);
  if (!checked.ok) return { ok: false, problems: inOrder(checked.findings.map(source.toProblem)) };
  const read = readPrices(checked.config.prices);
  if (!read.ok) return { ok: false, problems: read.problems };
  const config = resolveConfig(checked.config, source.keysOf, keyFiles, read.prices);
  return { ok: true, config, inactive: inactiveKeys(source) };
}

function inOrder(problems: Problem[]): Problem[] {
  return problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}
