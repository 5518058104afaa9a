/** Varying: the headers of a request that change what is answered to the same path and body. */
import type { HeaderView } from "../../core/dialect.ts";

/** Kept answers are told apart by them. */
export const VARYING = [
  "accept",
  "accept-encoding",
  "accept-language",
  "anthropic-beta",
  "anthropic-version",
  "cookie",
  "openai-organization",
  "openai-project",
  "range",
] as const;

/** Credentials, by which kept answers are told apart as well, and what a browser's page says of itself. */
const OTHERS = ["authorization", "api-key", "x-api-key", "x-goog-api-key", "origin"];
const KNOWN: ReadonlySet<string> = new Set([...VARYING, ...OTHERS]);

/** An answer that depends on more (RFC 9110, 12.5.5) is none for another request. */
export function variesOtherwise({ vary }: HeaderView): boolean {
  const names = String(vary ?? "")
    .toLowerCase()
    .split(",");
  return names.some((name) => name.trim() !== "" && !KNOWN.has(name.trim()));
}
