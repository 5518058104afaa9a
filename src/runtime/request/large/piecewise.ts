/**
 * Piecewise: reads JSON a piece at a time, with the value that `parseExactly` would give.
 *
 * What is short enough goes there as it is. A longer array or object is read in runs of
 * members, a longer string in slices, so that no step takes longer than a piece.
 */
import { parseExactly } from "../../../dialects/body/exact-json.ts";

/** JSON.parse takes about 1 ms for it. */
const PIECE = 262_144;
/** What is nested deeper and still longer than a piece is no request. */
const DEEPEST = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
const LETTER_U = 0x75;
/** `\\u` and four digits. */
const LONGEST_ESCAPE = 6;

/** A step of reading; it returns what it has read. */
type Reading<T> = Generator<void, T, void>;

/** @throws SyntaxError when it is no JSON. Each `next` reads one piece. */
export function* readPiecewise(bytes: Buffer): Reading<unknown> {
  const reader = new Piecewise(bytes);
  const value = yield* reader.value(0);
  reader.expectEnd();
  return value;
}

class Piecewise {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  *value(depth: number): Reading<unknown> {
    this.#skipBlanks();
    const end = this.#endOfValue();
    if (end >= 0) {
      const value: unknown = parseExactly(this.#text(this.#at, end));
      this.#at = end;
      yield;
      return value;
    }
    if (depth > DEEPEST) throw new SyntaxError("nested too deep");
    switch (this.#bytes[this.#at]) {
      case QUOTE:
        return yield* this.#longString();
      case BRACKET:
        return yield* this.#longArray(depth);
      case BRACE:
        return yield* this.#longObject(depth);
      default:
        throw new SyntaxError("a number of this length is none");
    }
  }

  expectEnd(): void {
    this.#skipBlanks();
    if (this.#at < this.#bytes.length) throw new SyntaxError("something follows the value");
  }

  *#longArray(depth: number): Reading<unknown[]> {
    const elements: unknown[] = [];
    this.#at++;
    for (let isFirst = true; ; isFirst = false) {
      const run = this.#run(BRACKET_END, isFirst);
      if (run === null) elements.push(yield* this.value(depth + 1));
      else for (const one of parseExactly(`[${run}]`) as unknown[]) elements.push(one);
      yield;
      if (this.#endsWith(BRACKET_END)) return elements;
    }
  }

  *#longObject(depth: number): Reading<Record<string, unknown>> {
    const members: Record<string, unknown> = {};
    this.#at++;
    for (let isFirst = true; ; isFirst = false) {
      const run = this.#run(BRACE_END, isFirst);
      if (run === null) {
        const name = yield* this.#name();
        define(members, name, yield* this.value(depth + 1));
      } else {
        for (const [name, one] of Object.entries(parseExactly(`{${run}}`) as object)) {
          define(members, name, one);
        }
      }
      yield;
      if (this.#endsWith(BRACE_END)) return members;
    }
  }

  *#name(): Reading<string> {
    this.#skipBlanks();
    if (this.#bytes[this.#at] !== QUOTE) throw new SyntaxError("a name is missing");
    const name = yield* this.#longString();
    this.#skipBlanks();
    if (this.#bytes[this.#at++] !== COLON) throw new SyntaxError("a colon is missing");
    return name;
  }

  /** In slices that fall between characters and escapes. */
  *#longString(): Reading<string> {
    const slices: string[] = [];
    this.#at++;
    for (;;) {
      const limit = Math.min(this.#at + PIECE, this.#bytes.length);
      const quote = this.#closingQuote(this.#at, limit);
      const end = quote >= 0 ? quote : this.#cut(limit);
      if (quote < 0 && end === this.#at) throw new SyntaxError("a string does not end");
      slices.push(JSON.parse(`"${this.#text(this.#at, end)}"`));
      this.#at = quote >= 0 ? quote + 1 : end;
      yield;
      if (quote >= 0) return slices.join("");
    }
  }

  /** As many members as fit in a piece, up to a comma or the end; null: the next alone does not. */
  #run(closing: number, isFirst: boolean): string | null {
    const from = this.#at;
    const end = this.#endOfRun(closing);
    if (end <= from && this.#bytes[from] !== closing) return null;
    const text = this.#text(from, end);
    // After a comma something must come, and a run of nothing would hide it.
    if (!isFirst && text.trim() === "") throw new SyntaxError("a comma too many");
    this.#at = end;
    return text;
  }

  /** The last comma between members, or the closing sign; -1 if there is none in a piece. */
  #endOfRun(closing: number): number {
    const bytes = this.#bytes;
    const limit = Math.min(this.#at + PIECE, bytes.length);
    let comma = -1;
    let depth = 0;
    for (let i = this.#at; i < limit; i++) {
      const byte = bytes[i];
      if (byte === QUOTE) {
        i = this.#closingQuote(i + 1, limit);
        if (i < 0) return comma;
      } else if (byte === BRACE || byte === BRACKET) depth++;
      else if (depth === 0 && byte === closing) return i;
      else if (byte === BRACE_END || byte === BRACKET_END) depth--;
      else if (byte === COMMA && depth === 0) comma = i;
    }
    return comma;
  }

  /** Where the value that begins here ends; -1: not within a piece. */
  #endOfValue(): number {
    const bytes = this.#bytes;
    const limit = Math.min(this.#at + PIECE, bytes.length);
    let depth = 0;
    for (let i = this.#at; i < limit; i++) {
      const byte = bytes[i];
      if (byte === QUOTE) {
        i = this.#closingQuote(i + 1, limit);
        if (i < 0) return -1;
        if (depth === 0) return i + 1;
      } else if (byte === BRACE || byte === BRACKET) depth++;
      else if (byte === BRACE_END || byte === BRACKET_END) {
        depth--;
        if (depth <= 0) return depth === 0 ? i + 1 : i;
      } else if (depth === 0 && (byte === COMMA || isBlank(byte))) return i;
    }
    return limit < bytes.length ? -1 : limit;
  }

  /** -1: not before `limit`. */
  #closingQuote(from: number, limit: number): number {
    const bytes = this.#bytes;
    let quote = bytes.indexOf(QUOTE, from);
    while (quote >= 0 && quote < limit && this.#isEscaped(quote, from)) {
      quote = bytes.indexOf(QUOTE, quote + 1);
    }
    return quote < limit ? quote : -1;
  }

  #isEscaped(at: number, from: number): boolean {
    let backslashes = 0;
    for (let i = at - 1; i >= from && this.#bytes[i] === BACKSLASH; i--) backslashes++;
    return backslashes % 2 === 1;
  }

  /** The last place up to `limit` that splits neither a character nor an escape. */
  #cut(limit: number): number {
    const bytes = this.#bytes;
    let cut = limit;
    while (cut > this.#at && cut > limit - 4 && (bytes[cut] & 0xc0) === 0x80) cut--;
    const first = Math.max(this.#at, cut - LONGEST_ESCAPE);
    let last = cut - 1;
    while (last >= first && bytes[last] !== BACKSLASH) last--;
    if (last < first || this.#isEscaped(last, this.#at)) return cut;
    return last + (bytes[last + 1] === LETTER_U ? LONGEST_ESCAPE : 2) > cut ? last : cut;
  }

  /** After a member: is this the end? Else there must be a comma. */
  #endsWith(closing: number): boolean {
    this.#skipBlanks();
    const byte = this.#bytes[this.#at++];
    if (byte === closing) return true;
    if (byte !== COMMA) throw new SyntaxError("a comma is missing");
    return false;
  }

  #skipBlanks(): void {
    while (isBlank(this.#bytes[this.#at])) this.#at++;
  }

  #text(from: number, to: number): string {
    return this.#bytes.toString("utf8", from, to);
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** As JSON.parse does: a member named `__proto__` is a member. */
function define(members: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") members[name] = value;
  else {
    const own = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(members, name, own);
  }
}
