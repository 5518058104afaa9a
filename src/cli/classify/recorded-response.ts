/** Recorded response: one line of `sluice classify`, checked, and the verdict its provider's dialect reads from it. */
import type { HeaderView } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { dialectNamed, generic } from "../../dialects/registry.ts";

/** As much of a body as the gateway judges. */
const LARGEST_JUDGED_CHARACTERS = 262_144;
/** What the HTTP status of a recorded stream was, where nobody wrote it down. */
const STREAM_STATUS = 200;

export interface RecordedResponse {
  readonly id: string | number | null;
  readonly provider: string;
  readonly status: number;
  readonly headers: HeaderView;
  readonly body: string;
  /** Milliseconds since 1970: what absolute times are measured from if there is no `date` header. */
  readonly receivedAtMs: number;
}

/**
 * Reads one line.
 *
 * @throws SluiceError `invalid_request` naming the field, what was found and what is allowed.
 */
export function parseRecorded(line: string, now: number): RecordedResponse {
  const record = parseObject(line);
  return {
    id: idOf(record["id"]),
    provider: record["provider"] === undefined ? generic.name : textOf(record, "provider"),
    status: statusOf(record),
    headers: headersOf(record["headers"] ?? {}),
    body: bodyOf(record["body"] ?? ""),
    receivedAtMs: momentOf(record["observedAt"], now),
  };
}

/** The verdict of the provider's dialect; of providers that nobody knows, that of the generic one. */
export function verdictOf({ provider, ...response }: RecordedResponse): Verdict {
  return (dialectNamed(provider) ?? generic).verdict(response);
}

function parseObject(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw wrong("line", (error as Error).message, "one JSON object");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong("line", shown(value), "one JSON object");
  }
  return value as Readonly<Record<string, unknown>>;
}

function idOf(id: unknown): string | number | null {
  if (id === undefined || id === null) return null;
  if (typeof id === "string" || typeof id === "number") return id;
  throw wrong("id", shown(id), "a text or a number");
}

function textOf(record: Readonly<Record<string, unknown>>, field: string): string {
  const value = record[field];
  if (typeof value === "string") return value;
  throw wrong(field, shown(value), "a text");
}

function statusOf({ status, stream }: Readonly<Record<string, unknown>>): number {
  if (status === undefined && stream === true) return STREAM_STATUS;
  if (Number.isInteger(status) && Number(status) >= 100 && Number(status) <= 999) {
    return Number(status);
  }
  throw wrong("status", shown(status), "a whole number from 100 to 999");
}

function headersOf(headers: unknown): HeaderView {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) {
    throw wrong("headers", shown(headers), "an object of texts");
  }
  const entries = Object.entries(headers).map(
    ([name, value]) => [name.toLowerCase(), headerOf(name, value)] as const,
  );
  return Object.fromEntries(entries);
}

function headerOf(name: string, value: unknown): string | string[] {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw wrong(`headers.${name}`, shown(value), "a text or a list of texts");
}

function bodyOf(body: unknown): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return text.slice(0, LARGEST_JUDGED_CHARACTERS);
}

function momentOf(observedAt: unknown, now: number): number {
  if (observedAt === undefined || observedAt === null) return now;
  const moment = typeof observedAt === "string" ? Date.parse(observedAt) : Number.NaN;
  if (Number.isFinite(moment)) return moment;
  throw wrong("observedAt", shown(observedAt), "a moment such as 2026-03-01T12:00:00Z");
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 80);
}

function wrong(field: string, found: string, allowed: string): SluiceError {
  return new SluiceError("invalid_request", `${field}: found ${found}; allowed: ${allowed}`);
}
