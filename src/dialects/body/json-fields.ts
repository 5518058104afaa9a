/** Reading JSON that nobody has checked: each reader answers a value of the right type, or null. */
import type { JsonObject } from "../../core/dialect.ts";
import { numberIn, parseExactly } from "./exact-json.ts";

/** No model's window is larger; a larger number in a request is a mistake, and is bounded to this. */
export const MOST_TOKENS = 10_000_000;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A string with something in it. */
export function textIn(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** A positive whole number, fractions cut, at most `most`. Strings, NaN, zero and negatives are none. */
export function countIn(value: unknown, most = MOST_TOKENS): number | null {
  const number = numberIn(value);
  return number >= 1 ? Math.min(Math.floor(number), most) : null;
}

/** A reported amount: zero or a positive number, fractions cut, at most a billion; else null. */
export function amountIn(value: unknown): number | null {
  const number = numberIn(value);
  return number >= 0 ? Math.min(Math.floor(number), 1e9) : null;
}

/** The parsed text; undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The same, with whole numbers of any length inside it as they came. */
export function parseJsonExactly(text: string): unknown {
  try {
    const value = parseExactly(text);
    const number = numberIn(value);
    return Number.isNaN(number) ? value : number;
  } catch {
    return undefined;
  }
}

/** The value written as JSON; empty when it is absent or too deep to be written. */
export function jsonText(value: unknown): string {
  if (value === undefined || value === null) return "";
  try {
    return JSON.stringify(value);
  } catch {
    return "";
  }
}
