/** Reading headers that may be absent, repeated or empty. */
import type { HeaderView } from "../../core/dialect.ts";

/** The first non-empty value, trimmed; null when there is none. */
export function headerOf(headers: HeaderView, name: string): string | null {
  return headerValues(headers, name)[0] ?? null;
}

/** All non-empty values of a header, trimmed. */
export function headerValues(headers: HeaderView, name: string): readonly string[] {
  const value = headers[name];
  if (value === undefined) return [];
  const values = typeof value === "string" ? [value] : value;
  return values.map((one) => String(one).trim()).filter((one) => one !== "");
}

/** A header that holds a plain number of zero or more; signs, words and exponents are none. */
export function numberIn(text: string | null): number | null {
  return text !== null && /^(?:\d{1,15}(?:\.\d{0,12})?|\.\d{1,12})$/.test(text)
    ? Number(text)
    : null;
}
