/** Fields: reads the parameters of the admin API; what is wrong names field, value and what is allowed. */
import { DURATION_UNITS, parseQuantity } from "../config/quantity.ts";
import { SluiceError } from "../core/errors.ts";
import type { JsonObject } from "./api-request.ts";

const TEN_YEARS_MS = 3_650 * 86_400_000;
const LONGEST_TEXT = 200;

export function invalid(field: string, found: unknown, allowed: string): SluiceError {
  const text = JSON.stringify(found) ?? "nothing";
  const short = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
  return new SluiceError("invalid_request", `${field}: found ${short}, allowed: ${allowed}`);
}

/** A field with a slip in its name would be passed over silently. */
export function allowOnly(body: JsonObject, names: readonly string[]): void {
  for (const name of Object.keys(body)) {
    if (!names.includes(name)) throw invalid(name, body[name], `only ${names.join(", ")}`);
  }
}

/**
 * A time in the future, in milliseconds since the epoch: a duration such as `90d` from now on, or an
 * ISO 8601 time. Null: none is given.
 */
export function futureTimeIn(body: JsonObject, field: string, nowMs: number): number | null {
  const value = body[field];
  if (value === undefined || value === null) return null;
  const ms = parseQuantity(value, DURATION_UNITS);
  const at = ms === undefined ? isoTime(value) : nowMs + ms;
  if (at !== undefined && at > nowMs && at <= nowMs + TEN_YEARS_MS) return Math.floor(at);
  const allowed =
    "a duration such as 90d, or a time such as 2030-01-31T00:00:00Z, within ten years";
  throw invalid(field, value, allowed);
}

/** Milliseconds; 0 where nothing is given. */
export function durationIn(body: JsonObject, field: string): number {
  const value = body[field] ?? 0;
  const ms = parseQuantity(value, DURATION_UNITS);
  if (ms !== undefined && ms <= TEN_YEARS_MS) return Math.floor(ms);
  throw invalid(field, value, "a duration such as 1h, within ten years");
}

export function textIn(body: JsonObject, field: string): string {
  const value = body[field] ?? "";
  if (typeof value === "string" && value.length <= LONGEST_TEXT && !/\p{Cc}/u.test(value)) {
    return value;
  }
  throw invalid(field, value, `a text on one line of up to ${LONGEST_TEXT} characters`);
}

export function flagIn(body: JsonObject, field: string): boolean | undefined {
  const value = body[field];
  if (value === undefined || typeof value === "boolean") return value;
  throw invalid(field, value, "true or false");
}

/** Of a query; `usual` where it is not given. */
export function countIn(
  query: URLSearchParams,
  field: string,
  usual: number,
  most: number,
): number {
  const text = query.get(field);
  if (text === null) return usual;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= most) return count;
  throw invalid(field, text, `a whole number from 1 to ${most}`);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isoTime(value: unknown): number | undefined {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}/.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at;
}
