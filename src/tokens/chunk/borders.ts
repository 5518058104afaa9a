/** Borders: where a text may be cut, the best first: paragraphs, lines, sentences, words, characters. */
import type { CountTokens } from "../trim/count-tokens.ts";
import { fencesOf, type Span } from "./fences.ts";

/** Each matches the end of a part, white space after it included, so that parts laid end to end are the text. */
const BORDERS: readonly RegExp[] = [
  /\n[^\S\n]*\n\s*/g,
  /\n/g,
  // Latin, Devanagari, Arabic and East Asian sentences; the last need no space. Nothing here can backtrack far.
  /(?<=[.!?…।؟۔]["'”’»)\]]{0,3})\s+|[。！？；]+[”’」』）]*\s*/g,
  /\s+/g,
];
/** Sentences mean nothing inside code. */
const CODE_BORDERS = [0, 1, 3];
const PROSE_BORDERS = [0, 1, 2, 3];

/**
 * Parts of at most `maxTokens`, in order, without a gap: code blocks whole if they fit, paragraphs if they fit, and so
 * on. Null: a single character is more than that.
 */
export function partsOf(text: string, maxTokens: number, count: CountTokens): Span[] | null {
  const parts: Span[] = [];
  const fits = ({ from, to }: Span) => count(text.slice(from, to)) <= maxTokens;
  const add = (span: Span, borders: readonly number[]): boolean => {
    if (span.from === span.to) return true;
    if (fits(span)) {
      parts.push(span);
      return true;
    }
    const [border, ...finer] = borders;
    if (border === undefined) return addCharacters(text, span, fits, parts);
    return cutAt(text, span, BORDERS[border]).every((part) => add(part, finer));
  };
  const isWhole = blocksOf(text).every(({ span, isCode }) =>
    add(span, isCode ? CODE_BORDERS : PROSE_BORDERS),
  );
  return isWhole ? parts : null;
}

interface TextBlock {
  readonly span: Span;
  readonly isCode: boolean;
}

/** Paragraphs are parts even where several fit, so that a chunk can begin at any of them. */
function blocksOf(text: string): TextBlock[] {
  const blocks: TextBlock[] = [];
  let from = 0;
  const addProse = (to: number) => {
    for (const span of cutAt(text, { from, to }, BORDERS[0])) blocks.push({ span, isCode: false });
  };
  for (const span of fencesOf(text)) {
    addProse(span.from);
    blocks.push({ span, isCode: true });
    from = span.to;
  }
  addProse(text.length);
  return blocks;
}

function cutAt(text: string, { from, to }: Span, border: RegExp): Span[] {
  const spans: Span[] = [];
  let start = from;
  for (const { index, 0: found } of text.slice(from, to).matchAll(border)) {
    const end = from + index + found.length;
    if (end > start) spans.push({ from: start, to: end });
    start = end;
  }
  return start < to ? [...spans, { from: start, to }] : spans;
}

/** Halves, and halves of halves. */
function addCharacters(
  text: string,
  span: Span,
  fits: (span: Span) => boolean,
  parts: Span[],
): boolean {
  if (fits(span)) {
    parts.push(span);
    return true;
  }
  const middle = characterBorder(text, span.from + Math.ceil((span.to - span.from) / 2), span);
  if (middle === null) return false;
  const { from, to } = span;
  return (
    addCharacters(text, { from, to: middle }, fits, parts) &&
    addCharacters(text, { from: middle, to }, fits, parts)
  );
}

/** What a reader sees as one character, such as a letter with its accents or a joined emoji. */
const CHARACTERS = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Null: it is a single code point. Only a character that does not fit by itself is cut. */
function characterBorder(text: string, near: number, span: Span): number | null {
  const { from, to } = span;
  const found = CHARACTERS.segment(text.slice(from, to)).containing(near - from);
  if (found !== undefined) {
    const begin = from + found.index;
    const end = begin + found.segment.length;
    if (begin > from) return begin;
    if (end < to) return end;
  }
  return codePointBorder(text, near, span);
}

/** Never through a surrogate pair. */
function codePointBorder(text: string, near: number, { from, to }: Span): number | null {
  const code = text.charCodeAt(near);
  const before = text.charCodeAt(near - 1);
  const isInPair = code >= 0xdc00 && code < 0xe000 && before >= 0xd800 && before < 0xdc00;
  const border = isInPair ? near - 1 : near;
  if (border > from && border < to) return border;
  return isInPair && near + 1 < to ? near + 1 : null;
}
