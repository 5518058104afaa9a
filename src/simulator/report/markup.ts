/** Markup: text that may stand in a page as it is; whatever else is put into it gets escaped. */

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A class, because a mere string must never pass for one: trace and tenant names are foreign text. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | readonly Content[];

/** Holds what stands between the braces to text, also inside quoted attributes; null is nothing. */
export function markup(literals: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const rest = contents.map((content, index) => written(content) + literals[index + 1]);
  return new Markup(literals[0] + rest.join(""));
}

function written(content: Content): string {
  if (content === null) return "";
  if (content instanceof Markup) return content.text;
  if (typeof content === "object") return content.map(written).join("");
  return String(content).replace(/[&<>"']/g, (character) => ESCAPES[character]);
}
