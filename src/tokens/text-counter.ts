/**
 * Text counter: tokens of many texts by kind, in bounded time.
 *
 * What was counted before is remembered. What is new is counted to the last character up to a
 * bound; beyond it windows stand for the rest.
 */
import { CountMemory, keyOf, kindIn, tokensIn } from "./count-memory.ts";
import { IDEOGRAPHS, SCRIPT, textKind } from "./text-kind.ts";

/** Characters of new text that are counted one and all: 1 to 10 ms, whatever they are. */
const MOST_COUNTED = 24_576;
/** A character of other scripts takes several bytes, and counting takes bytes. */
const WIDE_WEIGHT = 3;
/** Samples are this long: enough to hold whole words and lines. */
const WINDOW = 512;
/** How far the edge of a window moves to fall between words. */
const EDGE = 24;
/** To look such a text up takes as long as to count it. */
const SHORT = 64;
/** Texts that tell how much of what is new is wide. */
const WEIGHED = 512;
/** Looked up in one request, 0.3 us each; what is beyond counts as new. */
const MOST_LOOKUPS = 8_192;

/** A text that has to be counted; `key` is null where it is not worth remembering. */
interface NewText {
  readonly text: string;
  readonly key: number | null;
}

export class TextCounter {
  readonly #count: (text: string) => number;
  readonly #memory: CountMemory;

  /** `count`: tokens of one text, which need not be whole. `remembered`: texts, a power of 2. */
  constructor(count: (text: string) => number, remembered: number) {
    this.#count = count;
    this.#memory = new CountMemory(remembered);
  }

  /** Adds the tokens of `texts` to `tokens`, which is in the order of INPUT_KINDS. */
  addTokens(texts: readonly string[], tokens: Float64Array): void {
    const fresh: NewText[] = [];
    let lookups = 0;
    for (const text of texts) {
      if (text === "") continue;
      const isKnowable = text.length > SHORT && lookups++ < MOST_LOOKUPS;
      const key = isKnowable ? keyOf(text) : null;
      const known = key === null ? -1 : this.#memory.find(key);
      if (known >= 0) tokens[kindIn(known)] += tokensIn(known);
      else fresh.push({ text, key });
    }
    if (fresh.length > 0) this.#addNew(fresh, tokens);
  }

  #addNew(fresh: readonly NewText[], tokens: Float64Array): void {
    let total = 0;
    for (const { text } of fresh) total += text.length;
    const cost = total * weightOf(fresh);
    if (cost > MOST_COUNTED) this.#addSampled(fresh, Math.ceil(cost / MOST_COUNTED), tokens);
    else for (const one of fresh) this.#addWhole(one, tokens);
  }

  #addWhole({ text, key }: NewText, tokens: Float64Array): void {
    const kind = textKind(text, 0, text.length);
    const count = this.#count(text);
    tokens[kind] += count;
    if (key !== null) this.#memory.remember(key, kind, count);
  }

  /** Reads one window in `sparsity` of the texts laid end to end; each text's own windows stand for it. */
  #addSampled(fresh: readonly NewText[], sparsity: number, tokens: Float64Array): void {
    const seen = new Densities(tokens.length);
    const unseen: NewText[] = [];
    let next = 0;
    for (const one of fresh) {
      const windows = windowsOf(one.text, next, sparsity * WINDOW);
      next = windows.next;
      if (windows.characters === 0) unseen.push(one);
      else {
        let counted = 0;
        for (const window of windows.texts) counted += this.#count(window);
        const kind = textKind(one.text, 0, one.text.length);
        seen.add(kind, windows.characters, counted);
        this.#addEstimate(one, kind, counted / windows.characters, tokens);
      }
    }
    for (const one of unseen) {
      const kind = one.key === null ? seen.usual : textKind(one.text, 0, one.text.length);
      this.#addEstimate(one, kind, seen.of(kind), tokens);
    }
  }

  #addEstimate({ text, key }: NewText, kind: number, density: number, tokens: Float64Array): void {
    const estimate = text.length * density;
    tokens[kind] += estimate;
    if (key !== null) this.#memory.remember(key, kind, Math.round(estimate));
  }
}

/** Tokens a character, by kind: texts that fell between the windows are like those that did not. */
class Densities {
  readonly #characters: Float64Array;
  readonly #tokens: Float64Array;

  constructor(kinds: number) {
    this.#characters = new Float64Array(kinds);
    this.#tokens = new Float64Array(kinds);
  }

  add(kind: number, characters: number, tokens: number): void {
    this.#characters[kind] += characters;
    this.#tokens[kind] += tokens;
  }

  /** Of the kind that most of what was seen is. */
  get usual(): number {
    return this.#characters.indexOf(Math.max(...this.#characters));
  }

  /** Of this kind, or of all where nothing of it was seen. */
  of(kind: number): number {
    if (this.#characters[kind] > 0) return this.#tokens[kind] / this.#characters[kind];
    const sum = (total: number, one: number) => total + one;
    return this.#tokens.reduce(sum, 0) / this.#characters.reduce(sum, 0);
  }
}

interface Windows {
  readonly texts: readonly string[];
  readonly characters: number;
  /** Where the next window begins, counted from the end of this text. */
  readonly next: number;
}

/** Windows of `text` from `first` on, one at every stride. */
function windowsOf(text: string, first: number, stride: number): Windows {
  const texts: string[] = [];
  let characters = 0;
  let next = first;
  for (; next < text.length; next += stride) {
    const from = wordEdge(text, next);
    const window = text.slice(from, Math.max(from + 1, wordEdge(text, next + WINDOW)));
    texts.push(window);
    characters += window.length;
  }
  return { texts, characters, next: next - text.length };
}

/** A place between words at `at` or a little before it. */
function wordEdge(text: string, at: number): number {
  if (at >= text.length) return text.length;
  for (let edge = at; edge > Math.max(0, at - EDGE); edge--) {
    const code = text.charCodeAt(edge);
    if (code === 32 || code === 10) return edge;
  }
  return at;
}

function weightOf(fresh: readonly NewText[]): number {
  const step = Math.ceil(fresh.length / WEIGHED);
  let wide = 0;
  let total = 0;
  for (let i = 0; i < fresh.length; i += step) {
    const { text } = fresh[i];
    const kind = textKind(text, 0, text.length);
    total += text.length;
    if (kind === IDEOGRAPHS || kind === SCRIPT) wide += text.length;
  }
  return 1 + ((WIDE_WEIGHT - 1) * wide) / total;
}
