/** Nesting: how deep a JSON text goes, told before anything walks through what it says. */

/** Requests for tools and schemas go a few dozen levels deep; whoever walks a body may recurse so far. */
export const DEEPEST_BODY = 256;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;

/** Strings are jumped over, so a long prompt costs next to nothing. What is no JSON may have any answer. */
export function isNestedDeeper(bytes: Buffer, levels: number): boolean {
  if (bytes.length <= levels) return false;
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      i = closingQuote(bytes, i + 1);
      if (i < 0) return false;
    } else if (byte === BRACKET || byte === BRACE) {
      if (++depth > levels) return true;
    } else if (byte === BRACKET_END || byte === BRACE_END) depth--;
  }
  return false;
}

/** -1: the string does not end. */
function closingQuote(bytes: Buffer, from: number): number {
  let quote = bytes.indexOf(QUOTE, from);
  while (quote >= 0 && isEscaped(bytes, quote, from)) quote = bytes.indexOf(QUOTE, quote + 1);
  return quote;
}

function isEscaped(bytes: Buffer, at: number, from: number): boolean {
  let backslashes = 0;
  for (let i = at - 1; i >= from && bytes[i] === BACKSLASH; i--) backslashes++;
  return backslashes % 2 === 1;
}
