/** Source: a configuration as it was written, ready to be checked, with words and lines for messages. */
import { type Finding, fieldOf, type Path, type Problem } from "../problem.ts";
import { type Expanded, expand, idOf } from "./expand.ts";
import { inWords } from "./in-words.ts";
import { parseYaml } from "./parse-yaml.ts";
import { readText } from "./read-text.ts";
import type { Environment } from "./variables.ts";

export interface Source {
  /** Variables replaced; undefined: unreadable, and `findings` say why. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** The keys of a mapping in the order they were written; none if there is no mapping. */
  keysOf(path: Path): readonly string[];
  /** The value at `path` as a message may quote it. */
  found(path: Path): string;
  lineOf(path: Path): number | null;
  toProblem(finding: Finding): Problem;
}

export type Origin = { readonly file: string } | { readonly object: unknown };

export function openSource(origin: Origin, env: Environment): Source {
  if ("object" in origin) return sourceOf(null, readObject(origin.object), env);
  const text = readText(origin.file);
  const parsed = text.ok ? parseYaml(text.text) : unreadable(text.finding);
  return sourceOf(origin.file, parsed, env);
}

interface Read {
  readonly raw: unknown;
  readonly findings: readonly Finding[];
  lineOf(path: Path): number | null;
}

function readObject(raw: unknown): Read {
  return { raw, findings: [], lineOf: () => null };
}

function unreadable(finding: Finding): Read {
  return { raw: undefined, findings: [finding], lineOf: () => null };
}

function sourceOf(file: string | null, { raw, findings, lineOf }: Read, env: Environment): Source {
  const expanded = expand(raw, env);
  return {
    value: expanded.value,
    findings: [...findings, ...expanded.findings],
    keysOf: (path) => expanded.keys.get(idOf(path)) ?? [],
    found: (path) => foundIn(expanded, path),
    lineOf,
    toProblem: ({ path, found, expected, line }) => ({
      file,
      line: line ?? lineOf(path),
      field: fieldOf(path),
      found,
      expected,
    }),
  };
}

/** The same configuration listening elsewhere; there is no line for what was not written. */
export function listeningOn(source: Source, listen: string): Source {
  const { value } = source;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return source;
  const isListen = (path: Path) => fieldOf(path) === "server.listen";
  const server = { ...(value as { server?: object }).server, listen };
  return {
    ...source,
    value: { ...value, server },
    found: (path) => (isListen(path) ? inWords(listen, path) : source.found(path)),
    toProblem: (finding) => {
      const problem = source.toProblem(finding);
      return isListen(finding.path) ? { ...problem, file: null, line: null } : problem;
    },
  };
}

function foundIn(expanded: Expanded, path: Path): string {
  const value = path.reduce<unknown>(valueAt, expanded.value);
  return inWords(value, path, expanded.variables.get(idOf(path)));
}

function valueAt(parent: unknown, step: string | number): unknown {
  if (typeof parent !== "object" || parent === null) return undefined;
  return Object.hasOwn(parent, step)
    ? (parent as Record<string | number, unknown>)[step]
    : undefined;
}
