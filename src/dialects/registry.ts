/** All dialects by name: a new provider is one file and one line here. */
import type { Dialect } from "../core/dialect.ts";
import { anthropic } from "./anthropic.ts";
import { generic } from "./generic.ts";
import { openai } from "./openai.ts";

/** A dialect, and the other names that mean it (`classify` takes provider names). */
const ENTRIES: readonly { readonly dialect: Dialect; readonly aliases: readonly string[] }[] = [
  { dialect: openai, aliases: ["openai-compatible", "azure-openai"] },
  { dialect: anthropic, aliases: [] },
  { dialect: generic, aliases: [] },
];

const BY_NAME: ReadonlyMap<string, Dialect> = new Map(
  ENTRIES.flatMap(({ dialect, aliases }) =>
    [dialect.name, ...aliases].map((name) => [name, dialect] as const),
  ),
);

/** The names that configuration may use. */
export const DIALECT_NAMES: readonly string[] = ENTRIES.map(({ dialect }) => dialect.name);

/** The dialect of that name or alias; null if there is none, and the caller decides whether generic will do. */
export function dialectNamed(name: string): Dialect | null {
  return BY_NAME.get(name) ?? null;
}

export { generic };
