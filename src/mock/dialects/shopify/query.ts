/** Query: reads as much of a GraphQL document as its cost depends on. */
import type { Body } from "../../answer/call.ts";

/** A field, and what is selected of it. */
export interface Field {
  /** The name under which it is answered. */
  readonly key: string;
  readonly name: string;
  /** How many of a connection; null where it is none. */
  readonly count: number | null;
  readonly fields: readonly Field[];
}

export interface Query {
  readonly isMutation: boolean;
  readonly fields: readonly Field[];
}

const TOKEN =
  /"""[\s\S]*?"""|"(?:\\.|[^"\\])*"|#[^\n]*|\.\.\.|\$?[A-Za-z_]\w*|-?\d+(?:\.\d+)?|[{}():@]/g;
const MAX_DEPTH = 32;
const MAX_TOKENS = 20_000;

/** Null where it is no document that can be read. Named fragments are skipped. */
export function parseQuery(text: string, variables: Body): Query | null {
  const tokens = (text.match(TOKEN) ?? []).filter((token) => !token.startsWith("#"));
  if (tokens.length > MAX_TOKENS) return null;
  const start = tokens.indexOf("{");
  if (start < 0) return null;
  try {
    const fields = new Reader(tokens, start, variables).selection(0);
    return fields.length === 0 ? null : { isMutation: tokens[0] === "mutation", fields };
  } catch {
    return null;
  }
}

/** @throws Error where the document ends too soon or nests too deep. */
class Reader {
  readonly #tokens: readonly string[];
  readonly #variables: Body;
  #at: number;

  constructor(tokens: readonly string[], at: number, variables: Body) {
    this.#tokens = tokens;
    this.#at = at;
    this.#variables = variables;
  }

  selection(depth: number): Field[] {
    if (depth > MAX_DEPTH) throw new Error("too deep");
    this.#next(); // {
    const fields: Field[] = [];
    while (this.#peek() !== "}") {
      if (this.#peek() === "...") fields.push(...this.#fragment(depth));
      else fields.push(this.#field(depth));
    }
    this.#next(); // }
    return fields;
  }

  #field(depth: number): Field {
    const key = this.#next();
    const isAlias = this.#peek() === ":";
    if (isAlias) this.#next();
    const name = isAlias ? this.#next() : key;
    const count = this.#arguments();
    const fields = this.#peek() === "{" ? this.selection(depth + 1) : [];
    return { key, name, count, fields };
  }

  /** An inline fragment selects of what surrounds it. */
  #fragment(depth: number): Field[] {
    this.#next(); // ...
    if (this.#peek() === "on") {
      this.#next();
      this.#next();
    } else if (this.#peek() !== "{") this.#next();
    this.#arguments();
    return this.#peek() === "{" ? this.selection(depth + 1) : [];
  }

  /** Passes over arguments and directives; `first` or `last` tells how many. */
  #arguments(): number | null {
    let count: number | null = null;
    while (this.#peek() === "(" || this.#peek() === "@") {
      if (this.#next() === "@") this.#next();
      else count = this.#list() ?? count;
    }
    return count;
  }

  #list(): number | null {
    let count: number | null = null;
    for (let open = 1; open > 0; ) {
      const token = this.#next();
      if (token === "(") open += 1;
      if (token === ")") open -= 1;
      if (open !== 1 || (token !== "first" && token !== "last") || this.#peek() !== ":") continue;
      this.#next();
      count = this.#number(this.#next());
    }
    return count;
  }

  #number(token: string): number {
    const value = Number(token.startsWith("$") ? this.#variables[token.slice(1)] : token);
    return Number.isInteger(value) && value >= 0 ? value : 0;
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? "";
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new Error("ends too soon");
    return token;
  }
}
