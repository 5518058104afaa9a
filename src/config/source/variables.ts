/** Variables: replaces `${NAME}` and `${NAME:-default}` inside one text by the environment's values. */

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Replaced {
  readonly text: string;
  /** Names that were looked up, set or not. */
  readonly names: readonly string[];
  /** Names that are neither set nor have a default. */
  readonly missing: readonly string[];
  /** A `${` that begins no variable; null: none. */
  readonly malformed: string | null;
}

/** `$${` stands for a literal `${`. A default ends at the first `}`. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{[^}]*\}?/g;

/** One pass: what a variable contains is never replaced again. */
export function replaceVariables(text: string, env: Environment): Replaced {
  const names: string[] = [];
  const missing: string[] = [];
  let malformed: string | null = null;
  const replaced = text.replace(REFERENCE, (match, name?: string, fallback?: string) => {
    if (match === "$${") return "${";
    if (name === undefined || fallback?.includes("${")) {
      malformed ??= match;
      return match;
    }
    names.push(name);
    const value = lookUp(name, fallback, env);
    if (value === undefined) missing.push(name);
    return value ?? match;
  });
  return { text: replaced, names, missing, malformed };
}

/** As in a shell, `:-` also covers a variable that is set but empty. */
function lookUp(name: string, fallback: string | undefined, env: Environment): string | undefined {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return fallback === undefined ? value : value || fallback;
}
