/** YAML lines: where a field stands in a parsed document, and which field stands at an offset. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  type ParsedNode,
  visit,
  type YAMLMap,
} from "yaml";
import type { Path } from "../problem.ts";

export type YamlDocument = Document<ParsedNode>;

/** The line of a field's key, or of a list's item; of the nearest parent that is there if it is missing. */
export function lineOf(document: YamlDocument, lines: LineCounter, path: Path): number {
  let node: Node | null = document.contents;
  let offset = 0;
  for (const step of path) {
    const target: Node | null | undefined = isAlias(node) ? node.resolve(document) : node;
    const next = stepInto(target, step);
    if (next === undefined) break;
    offset = next.at.range?.[0] ?? offset;
    node = next.value;
  }
  return lines.linePos(offset).line;
}

function stepInto(
  node: Node | null | undefined,
  step: string | number,
): { at: Node; value: Node | null } | undefined {
  if (isSeq(node) && typeof step === "number") {
    const item = node.items[step] as Node | undefined;
    return item === undefined ? undefined : { at: item, value: item };
  }
  if (!isMap(node)) return undefined;
  const pair = pairsOf(node).get(String(step));
  return pair && { at: pair.key as Node, value: pair.value as Node | null };
}

const PAIRS = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

/** Kept, because a file with thousands of tenants is asked for thousands of lines. */
function pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
  const known = PAIRS.get(map);
  if (known !== undefined) return known;
  const pairs = new Map(map.items.map((pair) => [nameOf(pair.key), pair]));
  PAIRS.set(map, pairs);
  return pairs;
}

export interface RepeatedKey {
  readonly path: Path;
  readonly line: number;
}

/** Keys that stand a second time in their mapping. */
export function repeatedKeys(document: YamlDocument, lines: LineCounter): RepeatedKey[] {
  const repeated: RepeatedKey[] = [];
  visit(document, {
    Map(_, map, ancestors) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = nameOf(key);
        const path = () => [...pathOf([...ancestors, map]), name];
        const { line } = lines.linePos((key as Node | null)?.range?.[0] ?? 0);
        if (seen.has(name) && name !== "<<") repeated.push({ path: path(), line });
        seen.add(name);
      }
    },
  });
  return repeated;
}

/** The path of the innermost field that spans `offset`. */
export function pathAt(document: YamlDocument, offset: number): Path {
  let innermost: Path = [];
  visit(document, {
    Pair(_, pair, ancestors) {
      const start = (pair.key as Node | null)?.range?.[0] ?? Number.POSITIVE_INFINITY;
      const end = (pair.value as Node | null)?.range?.[2] ?? (pair.key as Node)?.range?.[2] ?? 0;
      if (start <= offset && offset <= end) innermost = pathOf([...ancestors, pair]);
    },
  });
  return innermost;
}

type Ancestor = Document | Node | Pair;

function pathOf(chain: readonly Ancestor[]): Path {
  return chain.flatMap((node, index): Path => {
    if (isPair(node)) return [nameOf(node.key)];
    const parent = chain[index - 1];
    return isSeq(parent) ? [parent.items.indexOf(node)] : [];
  });
}

function nameOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}
