/** Parse YAML: a text's values as maps and lists, with the line of every field. JSON is YAML too. */
import { type Alias, LineCounter, parseDocument, visit, type YAMLError } from "yaml";
import type { Finding, Path } from "../problem.ts";
import { quoted } from "./in-words.ts";
import { lineOf, pathAt, repeatedKeys, type YamlDocument } from "./yaml-lines.ts";
import { yamlWords } from "./yaml-words.ts";

export interface ParsedText {
  /** Mappings are Maps, which keep the order even of keys that look like numbers; undefined: not YAML. */
  readonly raw: unknown;
  readonly findings: readonly Finding[];
  lineOf(path: Path): number;
}

/** How often one anchor may be used, so that a short file cannot unfold to a huge one. */
const ALIASES_MAX = 100;

export function parseYaml(text: string): ParsedText {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    logLevel: "error",
    merge: true,
    prettyErrors: false,
    stringKeys: true,
    // It compares each key with each other one; repeatedKeys looks them up.
    uniqueKeys: false,
  }) as YamlDocument;
  const at = (path: Path) => lineOf(document, lines, path);
  const complaint = document.errors[0] ?? document.warnings[0];
  // What follows the first complaint is often only its consequence.
  const findings = complaint
    ? [complaintFinding(complaint, document, lines, text)]
    : aliasFindings(document, lines);
  if (findings.length > 0) return { raw: undefined, findings, lineOf: at };
  return { ...unfolded(document, repeatedFindings(document, lines)), lineOf: at };
}

function complaintFinding(
  error: YAMLError,
  document: YamlDocument,
  lines: LineCounter,
  text: string,
): Finding {
  const [offset] = error.pos;
  const { line } = lines.linePos(offset);
  const words = yamlWords(error, text.split("\n", line)[line - 1] ?? "");
  return { path: pathAt(document, offset), line, ...words };
}

function repeatedFindings(document: YamlDocument, lines: LineCounter): Finding[] {
  return repeatedKeys(document, lines).map(({ path, line }) => {
    const found = `${quoted(path[path.length - 1])} a second time`;
    return { path, line, found, expected: "each key once" };
  });
}

/** A bare `*-mini` is an alias to YAML: usually a glob whose quotes were forgotten. */
function aliasFindings(document: YamlDocument, lines: LineCounter): Finding[] {
  const known = new Set<string>();
  const unresolved: Alias.Parsed[] = [];
  visit(document, {
    Node(_, node) {
      if ("anchor" in node && node.anchor !== undefined) known.add(node.anchor);
    },
    Alias(_, alias) {
      if (!known.has(alias.source)) unresolved.push(alias as Alias.Parsed);
    },
  });
  return unresolved.map(({ source, range }) => ({
    path: pathAt(document, range[0]),
    line: lines.linePos(range[0]).line,
    found: `the alias *${source}, which nothing defines`,
    expected: "quotes around a text that starts with *",
  }));
}

function unfolded(document: YamlDocument, findings: readonly Finding[]) {
  try {
    const raw: unknown = document.toJS({ mapAsMap: true, maxAliasCount: ALIASES_MAX });
    if (raw !== null) return { raw, findings };
    const empty = { path: [], line: 1, found: "an empty file", expected: "a configuration" };
    return { raw: undefined, findings: [...findings, empty] };
  } catch {
    const found = "aliases that unfold to too much";
    const expected = `each anchor used at most ${ALIASES_MAX} times`;
    return { raw: undefined, findings: [...findings, { path: [], line: 1, found, expected }] };
  }
}
