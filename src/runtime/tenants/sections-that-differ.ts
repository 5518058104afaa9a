/** Sections that differ: what a reload has changed, by name only: what stands in a section may be secret. */
import { isDeepStrictEqual } from "node:util";
import type { Config } from "../../config/config.ts";

export function sectionsThatDiffer(a: Config, b: Config): string[] {
  const names = Object.keys(b) as (keyof Config)[];
  return names.filter((name) => !isDeepStrictEqual(a[name], b[name]));
}
