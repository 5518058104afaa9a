/** GraphQL: as much of a query's text as its cost needs: fields, pages and fragments. Never fails; what is odd is skipped. */

export interface Field {
  readonly kind: "field";
  readonly name: string;
  /** `first` or `last`: a number, a variable's name, or null: not a page. */
  readonly page: number | string | null;
  readonly selections: readonly Selection[];
}

export type Selection =
  | Field
  | { readonly kind: "spread"; readonly name: string }
  | { readonly kind: "inline"; readonly selections: readonly Selection[] };

export interface Query {
  readonly isMutation: boolean;
  readonly selections: readonly Selection[];
  readonly fragments: ReadonlyMap<string, readonly Selection[]>;
}

/** Longer queries are read up to here. */
const LONGEST_QUERY = 65_536;
/** Deeper selections are passed over. */
const DEEPEST = 64;

/** Strings and comments are matched first, so that a brace in them is none. */
const TOKEN =
  /"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|\.\.\.|[{}()[\]:$@!=|]|-?\d+(?:\.\d+)?|[_A-Za-z]\w*/g;

export function readQuery(text: string): Query {
  return new Reader(text.slice(0, LONGEST_QUERY)).query();
}

class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = (text.match(TOKEN) ?? []).filter((token) => token[0] !== "#");
  }

  /** Of several operations the first: which one is meant does not stand in the text. */
  query(): Query {
    const fragments = new Map<string, readonly Selection[]>();
    let operation: Pick<Query, "isMutation" | "selections"> | null = null;
    while (this.#at < this.#tokens.length) {
      const keyword = this.#tokens[this.#at];
      const name = this.#tokens[this.#at + 1];
      this.#skipTo("{");
      if (this.#at >= this.#tokens.length) break;
      const selections = this.#selections(0);
      if (keyword === "fragment") fragments.set(name, selections);
      else operation ??= { isMutation: keyword === "mutation", selections };
    }
    return { ...(operation ?? { isMutation: false, selections: [] }), fragments };
  }

  /** Begins at the opening brace, ends behind the closing one. */
  #selections(depth: number): readonly Selection[] {
    this.#at++;
    const selections: Selection[] = [];
    while (this.#at < this.#tokens.length && this.#tokens[this.#at] !== "}") {
      const before = this.#at;
      const selection = this.#tokens[before] === "..." ? this.#spread(depth) : this.#field(depth);
      if (selection !== null) selections.push(selection);
      if (this.#at === before) this.#at++;
    }
    this.#at++;
    return selections;
  }

  #spread(depth: number): Selection | null {
    this.#at++;
    const name = this.#tokens[this.#at];
    if (isName(name) && name !== "on") {
      this.#at++;
      this.#directives();
      return { kind: "spread", name };
    }
    if (name === "on") this.#at += 2;
    this.#directives();
    return { kind: "inline", selections: this.#inner(depth) };
  }

  #field(depth: number): Field | null {
    let name = this.#tokens[this.#at];
    if (!isName(name)) return null;
    this.#at++;
    if (this.#tokens[this.#at] === ":") {
      name = this.#tokens[this.#at + 1];
      this.#at += 2;
    }
    const page = this.#tokens[this.#at] === "(" ? this.#arguments() : null;
    this.#directives();
    return { kind: "field", name, page, selections: this.#inner(depth) };
  }

  #inner(depth: number): readonly Selection[] {
    if (this.#tokens[this.#at] !== "{") return [];
    if (depth < DEEPEST) return this.#selections(depth + 1);
    this.#skipPair("{", "}");
    return [];
  }

  /** The page that is asked for; ends behind the closing bracket. */
  #arguments(): number | string | null {
    const start = this.#at;
    this.#skipPair("(", ")");
    for (let at = start + 1; at < this.#at; at++) {
      const isPage = this.#tokens[at] === "first" || this.#tokens[at] === "last";
      if (!isPage || this.#tokens[at + 1] !== ":") continue;
      const value = this.#tokens[at + 2];
      if (value === "$") return this.#tokens[at + 3] ?? null;
      const count = Number(value);
      if (count >= 0) return count;
    }
    return null;
  }

  #directives(): void {
    while (this.#tokens[this.#at] === "@") {
      this.#at += 2;
      if (this.#tokens[this.#at] === "(") this.#skipPair("(", ")");
    }
  }

  #skipPair(opening: string, closing: string): void {
    let depth = 0;
    for (; this.#at < this.#tokens.length; this.#at++) {
      if (this.#tokens[this.#at] === opening) depth++;
      else if (this.#tokens[this.#at] === closing && --depth === 0) break;
    }
    this.#at++;
  }

  /** Over the head of an operation, whose variables may hold objects by default. */
  #skipTo(token: string): void {
    while (this.#at < this.#tokens.length && this.#tokens[this.#at] !== token) {
      if (this.#tokens[this.#at] === "(") this.#skipPair("(", ")");
      else this.#at++;
    }
  }
}

function isName(token: string | undefined): token is string {
  return token !== undefined && /^[_A-Za-z]/.test(token);
}
