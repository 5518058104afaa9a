/** All dialects of the mock by name. */
import { DIALECT_NAMES, type DialectName, type MockDialect } from "../dialect.ts";
import { anthropicDialect } from "./anthropic/dialect.ts";
import { openaiDialect } from "./openai/dialect.ts";

const DIALECTS = {
  openai: openaiDialect,
  anthropic: anthropicDialect,
} as unknown as Readonly<Record<DialectName, MockDialect>>;

/** @throws Error naming the dialects that there are. */
export function dialectNamed(name: string): MockDialect {
  if (Object.hasOwn(DIALECTS, name)) return DIALECTS[name as DialectName];
  const allowed = DIALECT_NAMES.join(", ");
  throw new Error(`dialect must be one of ${allowed}, got ${JSON.stringify(name) ?? "nothing"}`);
}
