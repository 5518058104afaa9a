/** In words: quotes a value of the configuration for a message, without giving a secret away. */
import type { Path } from "../problem.ts";

/** Longer texts are cut, so that a message stays one line. */
const QUOTE_MAX = 60;
const SECRET_FIELD =
  /^(api_key|keys|secret|password|headers|webhooks|access_key_id|.*_secret|.*_token|token|username|secret_.*)$/;
const SECRET_VARIABLE = /KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH/i;

/** `variables` are the names of the environment variables the value was made from. */
export function inWords(value: unknown, path: Path, variables: readonly string[] = []): string {
  const isHidden = isSecret(path) || variables.some((name) => SECRET_VARIABLE.test(name));
  const words = isHidden ? hidden(value) : quoted(value);
  const origin = variables.map((name) => `\${${name}}`).join(", ");
  return origin === "" ? words : `${words} (from ${origin})`;
}

function isSecret(path: Path): boolean {
  return path.some((step) => typeof step === "string" && SECRET_FIELD.test(step));
}

function hidden(value: unknown): string {
  if (typeof value === "string" && value !== "") return "a text (hidden)";
  if (typeof value === "number") return "a number (hidden)";
  return quoted(value);
}

export function quoted(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return quotedText(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  return String(value);
}

/** The user and password of a URL are hidden wherever it stands. */
function quotedText(text: string): string {
  const safe = text.replace(/\/\/[^/?#]*@/g, "//(hidden)@");
  return JSON.stringify(safe.length > QUOTE_MAX ? `${safe.slice(0, QUOTE_MAX)}…` : safe);
}
