/** Written: reads a configuration that may still be wrong anywhere, for checks that span several fields. */
import type { Finding, Path } from "../problem.ts";

export type Mapping = Readonly<Record<string, unknown>>;

/** One rule that spans several fields. What the schema refuses already is none of its business. */
export type Check = (root: Mapping, found: (path: Path) => string) => readonly Finding[];

export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of a mapping's own field; undefined if there is none. */
export function fieldIn(value: unknown, name: string): unknown {
  return isMapping(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

export function textIn(value: unknown, name: string): string | undefined {
  const field = fieldIn(value, name);
  return typeof field === "string" ? field : undefined;
}

export function entriesIn(value: unknown, name: string): [string, unknown][] {
  const field = fieldIn(value, name);
  return isMapping(field) ? Object.entries(field) : [];
}

export function itemsIn(value: unknown, name: string): readonly unknown[] {
  const field = fieldIn(value, name);
  return Array.isArray(field) ? field : [];
}

/** Names in a mapping; undefined if it is there but no mapping, so that nothing can be said about them. */
export function namesIn(value: unknown, name: string): readonly string[] | undefined {
  const field = fieldIn(value, name) ?? {};
  return isMapping(field) ? Object.keys(field) : undefined;
}

export function isWritten(value: unknown): boolean {
  return value !== undefined && value !== null;
}
