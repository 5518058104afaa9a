/** Structured field lists (RFC 9651): as much of them as the RateLimit fields use, for lists and dictionaries alike. */

export type BareItem = string | number | boolean;

export interface ListMember {
  /** The dictionary key (`limit=100`), or null for a member of a plain list. */
  readonly key: string | null;
  readonly value: BareItem;
  readonly parameters: ReadonlyMap<string, BareItem>;
}

/** RateLimit fields have few members; more is not read. */
const MOST_MEMBERS = 64;
const LONGEST_FIELD = 4_096;
/** Sticky expressions for the pieces; a string's escapes are undone after the match. */
const KEY = /[a-z*][a-z0-9_\-.*]*/y;
const STRING = /"((?:[^"\\]|\\["\\])*)"/y;
const NUMBER = /-?\d{1,15}(?:\.\d{1,3})?/y;
const TOKEN = /[A-Za-z*][A-Za-z0-9:/!#$%&'*+\-.^_`|~]*/y;
const BYTES = /:([A-Za-z0-9+/=]*):/y;
const BOOLEAN = /\?([01])/y;
const SPACES = /[ \t]*/y;

/** The members of a list or dictionary field; null when it is malformed, as the RFC wants it ignored whole. */
export function parseList(text: string): readonly ListMember[] | null {
  if (text.length > LONGEST_FIELD) return null;
  const cursor = new Cursor(text);
  const members: ListMember[] = [];
  cursor.take(SPACES);
  while (members.length < MOST_MEMBERS) {
    const member = readMember(cursor);
    if (member === null) return null;
    members.push(member);
    cursor.take(SPACES);
    if (cursor.isAtEnd) return members;
    if (!cursor.skip(",")) return null;
    cursor.take(SPACES);
  }
  return null;
}

/** Where reading stands in the field. */
class Cursor {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  take(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    const match = expression.exec(this.text);
    if (match !== null) this.at += match[0].length;
    return match;
  }

  skip(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  /** Takes a key and its `=`, or nothing. */
  takeKey(): string | null {
    const start = this.at;
    const key = this.take(KEY)?.[0] ?? null;
    if (key !== null && this.skip("=")) return key;
    this.at = start;
    return null;
  }
}

function readMember(cursor: Cursor): ListMember | null {
  const key = cursor.takeKey();
  const value = readBareItem(cursor);
  if (value === null) return null;
  const parameters = new Map<string, BareItem>();
  while (cursor.skip(";")) {
    cursor.take(SPACES);
    const name = cursor.takeKey();
    // A key without `=` is true, by the RFC.
    const bare = name === null ? cursor.take(KEY)?.[0] : undefined;
    const item = name === null ? true : readBareItem(cursor);
    if (item === null || (name ?? bare) === undefined) return null;
    parameters.set((name ?? bare)!, item);
  }
  return { key, value, parameters };
}

function readBareItem(cursor: Cursor): BareItem | null {
  const string = cursor.take(STRING);
  if (string !== null) return string[1].replaceAll(/\\(["\\])/g, "$1");
  const number = cursor.take(NUMBER);
  if (number !== null) return Number(number[0]);
  const boolean = cursor.take(BOOLEAN);
  if (boolean !== null) return boolean[1] === "1";
  return cursor.take(BYTES)?.[1] ?? cursor.take(TOKEN)?.[0] ?? null;
}
