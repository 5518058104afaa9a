/** Expand: turns raw values into plain ones, replaces variables and remembers the order of fields. */
import type { Finding, Path } from "../problem.ts";
import { inWords } from "./in-words.ts";
import { type Environment, replaceVariables } from "./variables.ts";

export interface Expanded {
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** Id of a mapping's path -> its keys as written; an object would sort keys that look like numbers. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** Id of a text's path -> the names of the variables it was made from. */
  readonly variables: ReadonlyMap<string, readonly string[]>;
}

/** Deeper than any field of the schema, shallower than the stack. */
const DEPTH_MAX = 32;
/** Of a 4 MiB file; stops aliases that multiply. */
const VALUES_MAX = 1_000_000;

interface Walk {
  readonly env: Environment;
  readonly findings: Finding[];
  readonly keys: Map<string, readonly string[]>;
  readonly variables: Map<string, readonly string[]>;
  /** The containers around the current value. */
  readonly parents: Set<object>;
  values: number;
}

/** Unlike a field's name it tells `a.b` from `b` in `a`. */
export function idOf(path: Path): string {
  return JSON.stringify(path);
}

export function expand(raw: unknown, env: Environment): Expanded {
  const walk: Walk = {
    env,
    findings: [],
    keys: new Map(),
    variables: new Map(),
    parents: new Set(),
    values: 0,
  };
  const value = expandValue(raw, [], walk);
  return { value, findings: walk.findings, keys: walk.keys, variables: walk.variables };
}

function expandValue(value: unknown, path: Path, walk: Walk): unknown {
  walk.values += 1;
  if (walk.values > VALUES_MAX) return refuseRest(walk);
  if (typeof value === "string") return expandText(value, path, walk);
  if (typeof value !== "object" || value === null) return value;
  if (path.length >= DEPTH_MAX) return refuse(path, "values nested too deep", walk);
  if (walk.parents.has(value)) return refuse(path, "a value that contains itself", walk);
  walk.parents.add(value);
  const expanded = expandContainer(value, path, walk);
  walk.parents.delete(value);
  return expanded;
}

function expandContainer(value: object, path: Path, walk: Walk): unknown {
  if (Array.isArray(value)) return value.map((item, i) => expandValue(item, [...path, i], walk));
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return expandMapping(entries, path, walk);
}

function expandMapping(entries: [unknown, unknown][], path: Path, walk: Walk): unknown {
  const fields = entries.filter(
    ([key, value]) => isOwnable(key, path, walk) && value !== undefined,
  );
  const keys = fields.map(([key]) => String(key));
  walk.keys.set(idOf(path), keys);
  const pairs = fields.map(([, value], i) => [
    keys[i],
    expandValue(value, [...path, keys[i]], walk),
  ]);
  return Object.fromEntries(pairs);
}

/** As a field `__proto__` would be lost on the way instead of being refused. */
function isOwnable(key: unknown, path: Path, walk: Walk): boolean {
  if (key !== "__proto__") return true;
  const found = `unknown field "${key}"`;
  walk.findings.push({ path: [...path, key], found, expected: "another name" });
  return false;
}

function expandText(text: string, path: Path, walk: Walk): string {
  if (!text.includes("${")) return text;
  const replaced = replaceVariables(text, walk.env);
  walk.variables.set(idOf(path), replaced.names);
  if (replaced.malformed !== null) refuseMalformed(replaced.malformed, path, walk);
  else if (replaced.missing.length > 0) refuseMissing(replaced.missing, path, walk);
  return replaced.text;
}

function refuseMissing(names: readonly string[], path: Path, walk: Walk): void {
  const [first] = names;
  const found = `${names.map((name) => `\${${name}}`).join(", ")}, which is not set`;
  const expected = `the environment variable ${names.join(" and ")}, or a default as in \${${first}:-value}`;
  walk.findings.push({ path, found, expected });
}

function refuseMalformed(reference: string, path: Path, walk: Walk): void {
  const expected = `\${NAME} or \${NAME:-default}; $\${ stands for a literal \${`;
  walk.findings.push({ path, found: inWords(reference, path), expected });
}

function refuse(path: Path, found: string, walk: Walk): undefined {
  const expected = `at most ${DEPTH_MAX} levels`;
  walk.findings.push({ path: path.slice(0, 2), found, expected });
}

function refuseRest(walk: Walk): undefined {
  if (walk.values > VALUES_MAX + 1) return;
  const expected = `at most ${VALUES_MAX} values`;
  walk.findings.push({ path: [], found: "too many values", expected });
}
