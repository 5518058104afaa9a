/** Finds fenced blocks of code, line by line, so that no text takes longer than its length. */

/** Part of a text, by UTF-16 offsets; `to` is exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** CommonMark, "Fenced code blocks": behind backticks the rest of the line has none. */
const OPENING = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
const CLOSING = /^ {0,3}(`{3,}|~{3,})\s*$/;

/** With the lines of the fences; a fence that is never closed ends with the text. */
export function fencesOf(text: string): Span[] {
  const fences: Span[] = [];
  let open: { readonly from: number; readonly fence: string } | null = null;
  for (let from = 0; from < text.length; ) {
    const to = text.indexOf("\n", from) + 1 || text.length;
    const line = text.slice(from, to).trimEnd();
    if (open === null) {
      const fence = OPENING.exec(line)?.[1];
      if (fence !== undefined) open = { from, fence };
    } else if (CLOSING.exec(line)?.[1].startsWith(open.fence)) {
      fences.push({ from: open.from, to });
      open = null;
    }
    from = to;
  }
  return open === null ? fences : [...fences, { from: open.from, to: text.length }];
}
