/** Problem: what is wrong at one place of a configuration, in words a person can act on. */

/** Steps from the root to a value: names of fields and indexes of list items. */
export type Path = readonly (string | number)[];

/** Something wrong, before it is known which file and line it stands in. */
export interface Finding {
  readonly path: Path;
  readonly found: string;
  readonly expected: string;
  /** Only where the path does not lead to the line, as for a key that stands twice. */
  readonly line?: number;
}

export interface Problem {
  /** As it was given to Sluice; null: the configuration was an object. */
  readonly file: string | null;
  /** From 1; null: an object, or a file that could not be read. */
  readonly line: number | null;
  /** Dotted, e.g. `upstreams.openai.limits[1].rpm`; `(root)` for the whole. */
  readonly field: string;
  /** The value in words; secrets are hidden. */
  readonly found: string;
  /** What is allowed, in words. */
  readonly expected: string;
}

export function fieldOf(path: Path): string {
  if (path.length === 0) return "(root)";
  return path.reduce<string>((field, step) => {
    if (typeof step === "number") return `${field}[${step}]`;
    const name = step === "" ? '""' : step;
    return field === "" ? name : `${field}.${name}`;
  }, "");
}

/** One line: `sluice.yaml:12: tiers.gold.weight: found -1, expected a number above 0`. */
export function describeProblem(problem: Problem): string {
  const { file, line, field, found, expected } = problem;
  const place = [file, line].filter((part) => part !== null).map((part) => `${part}:`);
  const prefix = place.length > 0 ? `${place.join("")} ` : "";
  return `${prefix}${field}: found ${found}, expected ${expected}`;
}
