/** YAML words: a YAML parser's complaint as what was found and what is expected. */
import type { YAMLError } from "yaml";

type Words = { readonly found: string; readonly expected: string };

const WORDS: Partial<Record<YAMLError["code"], Words>> = {
  TAB_AS_INDENT: { found: "a tab as indentation", expected: "spaces" },
  MULTIPLE_DOCS: { found: "a second document after `---`", expected: "one document" },
  BLOCK_AS_IMPLICIT_KEY: {
    found: "a second `key: value` where one value should be",
    expected: "one `key: value` a line, and quotes around a value that contains `: `",
  },
  MULTILINE_IMPLICIT_KEY: {
    found: "a line without `key: value`",
    expected: "`key: value` with a space after the colon",
  },
  BAD_SCALAR_START: {
    found: "a value that starts with a reserved character",
    expected: "quotes around a value that starts with @, ` or %",
  },
  TAG_RESOLVE_FAILED: {
    found: "a tag that means nothing here",
    expected: `a plain value; variables are written "\${NAME}"`,
  },
  RESOURCE_EXHAUSTION: { found: "too many levels", expected: "a configuration of few levels" },
};

/** `lineText` is the line it is about. */
export function yamlWords(error: YAMLError, lineText: string): Words {
  const known = WORDS[error.code];
  if (known !== undefined) return known;
  const found = `invalid YAML (${decapitalised(error.message)})`;
  return { found, expected: expectedOn(lineText) };
}

function expectedOn(lineText: string): string {
  const isBareVariable = /[:[,]\s*\$\{/.test(lineText);
  return isBareVariable
    ? `quotes around a variable inside { } or [ ], as in "\${NAME}"`
    : "valid YAML";
}

/** Cuts the piece of source the parser quotes: it might be a secret. */
function decapitalised(message: string): string {
  const text = message.replace(/: ".*$/s, "");
  return text.charAt(0).toLowerCase() + text.slice(1);
}
