/** Exact JSON: whole numbers that a double cannot hold, such as ids of 64 bits, are written again as they came. */

/** ECMAScript, "JSON.parse source text access"; TypeScript's library does not have it yet. */
interface JsonWithSource {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): { readonly rawJSON: string };
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
}
type Reviver = (name: string, value: unknown, context: { readonly source?: string }) => unknown;

const exactJson = JSON as unknown as JsonWithSource;

/** 2^53 has 16 digits. Fractions, as vectors are full of, are none of these. */
const LONG_NUMBER = /[\s:,[-]\d{16,}[\s,}\]]/;
const WHOLE_NUMBER = /^-?\d+$/;

/**
 * As JSON.parse reads it, but for whole numbers that it would round: those become what JSON.stringify writes as it stood.
 *
 * @throws SyntaxError when it is no JSON.
 * @example JSON.stringify(parseExactly('{"id":1234567890123456789}')) // {"id":1234567890123456789}
 */
export function parseExactly(text: string): unknown {
  return LONG_NUMBER.test(text) ? exactJson.parse(text, exactly) : JSON.parse(text);
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
