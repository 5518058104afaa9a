/** Read prices: a file of prices by model, checked like the configuration that names it. */
import type { z } from "zod";
import type { Price } from "../../core/quota/price.ts";
import { issueFindings } from "../check/issue-findings.ts";
import type { Problem } from "../problem.ts";
import { named, strict } from "../schema/leaf.ts";
import { price, text } from "../schema/scalars.ts";
import { openSource } from "../source/source.ts";

export type Prices = ReadonlyMap<string, Price>;

export type ReadPrices =
  | { readonly ok: true; readonly prices: Prices }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const modelPrice = strict({
  input: price(),
  output: price(),
  cached_input: price().optional(),
});

const priceFile = strict({
  as_of: text("a date").optional(),
  models: named(modelPrice, "prices"),
});

const NONE: Prices = new Map();

/** Undefined: there is no such file, and no price beside the shipped ones. */
export function readPrices(file: string | undefined): ReadPrices {
  if (file === undefined) return { ok: true, prices: NONE };
  const source = openSource({ file }, {});
  const parsed = priceFile.safeParse(source.value);
  const issues =
    source.value === undefined || parsed.success ? [] : issueFindings(parsed.error.issues, source);
  const findings = [...source.findings, ...issues];
  if (findings.length > 0) return { ok: false, problems: findings.map(source.toProblem) };
  return { ok: true, prices: pricesIn(parsed.data?.models ?? {}) };
}

/** As the file writes them; what comes from the cache costs as the rest where nothing is said. */
export function pricesIn(models: Readonly<Record<string, z.output<typeof modelPrice>>>): Prices {
  const entries = Object.entries(models).map(([model, written]): [string, Price] => {
    const { input, output, cached_input: cachedInput = input } = written;
    return [model, { input, output, cachedInput }];
  });
  return new Map(entries);
}
