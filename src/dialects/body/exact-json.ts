/** Exact JSON: whole numbers that a double cannot hold, such as ids of 64 bits, are written again as they came. */

/** ECMAScript, "JSON.parse source text access"; TypeScript's library does not have it yet. */
interface JsonWithSource {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): { readonly rawJSON: string };
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
}
type Reviver = (name: string, value: unknown, context: { readonly source?: string }) => unknown;

const exactJson = JSON as unknown as JsonWithSource;

/** 2^53 has so many. */
const LONG = 16;
const WHOLE_NUMBER = /^-?\d+$/;

/**
 * As JSON.parse reads it, but for whole numbers that it would round: those become what JSON.stringify writes as it stood.
 *
 * @throws SyntaxError when it is no JSON.
 * @example JSON.stringify(parseExactly('{"id":1234567890123456789}')) // {"id":1234567890123456789}
 */
export function parseExactly(text: string): unknown {
  return holdsLongNumber(text) ? exactJson.parse(text, exactly) : JSON.parse(text);
}

/** A run of so many digits has one at a multiple of as many: the rest need not be looked at. */
function holdsLongNumber(text: string): boolean {
  for (let at = LONG - 1; at < text.length; at += LONG) {
    if (!isDigit(text, at)) continue;
    let from = at;
    while (isDigit(text, from - 1)) from--;
    while (isDigit(text, at + 1)) at++;
    // Fractions, as vectors are full of, stand behind a dot.
    if (at - from + 1 >= LONG && text[from - 1] !== ".") return true;
  }
  return false;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

/** A number, rounded if it is one of those; NaN: none. */
export function numberIn(value: unknown): number {
  if (typeof value === "number") return value;
  return exactJson.isRawJSON(value) ? Number(value.rawJSON) : Number.NaN;
}

function exactly(_name: string, value: unknown, { source = "" }: { readonly source?: string }) {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return WHOLE_NUMBER.test(source) ? exactJson.rawJSON(source) : value;
}
