/** Meta (Graph and Marketing API): throttles as HTTP 400 with a number; use in percent and waits in minutes, as JSON in headers. */
import type { HeaderView, LimitReading, RequestView } from "../../core/dialect.ts";
import { isObject, parseJson } from "../body/json-fields.ts";
import { headerOf } from "../hints/headers.ts";
import { isRead } from "../units/records.ts";
import {
  type CodeMeaning,
  codeTable,
  meaningIn,
  type OwnQuestion,
  type OwnReading,
} from "../verdicts/verdict-rules.ts";
import { platform } from "./platform.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const REQUESTS: CodeMeaning = { class: "quota", dimension: "requests" };
/** 4: application, 17: user, 32: page, 341: application, 613: custom, 80000-80014: business use cases. */
const THROTTLES = [4, 17, 32, 341, 613, ...Array.from({ length: 15 }, (_, i) => 80_000 + i)];
const FULL_PERCENT = 100;
const USES = ["call_count", "total_cputime", "total_time"];
/** A thousand calls an hour: the share of five users (Graph API, "Rate limits": 200 for each). */
const CALL_PERCENT = 0.1;
/** A header tells a few accounts; more is not read. */
const MOST_USES = 32;
const LONGEST_HEADER = 8_192;

const CODES = codeTable({
  ...Object.fromEntries(THROTTLES.map((code) => [String(code), REQUESTS])),
  "1": "transient",
  "2": "transient",
  "10": "auth",
  "100": "invalid_request",
  "102": "auth",
  "190": "auth",
  "200": "auth",
});

/** Marketing API, "Rate limiting": a read scores one point, a write three; each of a batch as if it came alone. */
const READ_POINTS = 1;
const WRITE_POINTS = 3;

export const meta = platform({
  name: "meta",
  readings,
  units: {
    names: ["points", "app-usage"],
    foresee: (request) => ({ points: pointsOf(request), "app-usage": CALL_PERCENT }),
  },
  rules: { codes: CODES, own },
});

function pointsOf(request: RequestView): number {
  const batch = request.body?.["batch"];
  if (!Array.isArray(batch)) return isRead(request) ? READ_POINTS : WRITE_POINTS;
  let points = 0;
  for (const one of batch) {
    const isReading = isObject(one) && (one["method"] ?? "GET") === "GET";
    points += isReading ? READ_POINTS : WRITE_POINTS;
  }
  return points;
}

function own({ facts, headers }: OwnQuestion): OwnReading | null {
  // Code 1 says this of an answer that would be too large: asking again changes nothing.
  if (/reduce the amount of data/.test(facts.prose)) return { class: "invalid_request" };
  const waitMs = regainMs(headers);
  if (waitMs !== null) return { waitMs };
  const isKnown = meaningIn(CODES, facts.identifiers) !== null;
  return !isKnown && isTransient(facts.value) ? { class: "transient" } : null;
}

function isTransient(value: unknown): boolean {
  const error = isObject(value) ? value["error"] : null;
  return isObject(error) && error["is_transient"] === true;
}

/** Minutes in one header, seconds in the other; null where nobody has to wait. */
function regainMs(headers: HeaderView): number | null {
  const minutes = usesIn(headers, "x-business-use-case-usage").map((use) =>
    amount(use["estimated_time_to_regain_access"]),
  );
  const seconds = usesIn(headers, "x-ad-account-usage").map((use) =>
    amount(use["acc_id_util_pct"]) >= FULL_PERCENT ? amount(use["reset_time_duration"]) : 0,
  );
  const waitMs = Math.max(
    0,
    ...minutes.map((one) => one * MINUTE_MS),
    ...seconds.map((one) => one * 1_000),
  );
  return waitMs > 0 ? waitMs : null;
}

/** What is used of the application, and whether a business use case is spent: of those there are many. */
function readings(headers: HeaderView): readonly LimitReading[] {
  return [...appUsage(headers), ...spent(headers)];
}

/** Its percent are units of their own, of which nobody says what a call takes: answers correct the guess. */
function appUsage(headers: HeaderView): readonly LimitReading[] {
  const [use] = usesIn(headers, "x-app-usage");
  if (use === undefined) return [];
  const percent = Math.max(...USES.map((field) => amount(use[field])));
  return [
    {
      dimension: "units:app-usage",
      perMs: HOUR_MS,
      limit: FULL_PERCENT,
      remaining: Math.max(0, Math.floor(FULL_PERCENT - percent)),
      resetMs: null,
      // The hour rolls; as a bucket it lets a call through now and then, whose answer tells anew.
      resetMeaning: "full",
      quantum: 1,
    },
  ];
}

/** That nothing is left: percent of a business use case tell no more. */
function spent(headers: HeaderView): readonly LimitReading[] {
  const uses = ["x-app-usage", "x-business-use-case-usage"].flatMap((name) =>
    usesIn(headers, name),
  );
  const isSpent = uses.some((use) => USES.some((field) => amount(use[field]) >= FULL_PERCENT));
  if (!isSpent) return [];
  return [
    {
      dimension: "requests",
      perMs: HOUR_MS,
      limit: null,
      remaining: 0,
      resetMs: regainMs(headers),
      resetMeaning: "full",
      quantum: 1,
    },
  ];
}

/** `{call_count: 28, ...}`, or lists of such by account. */
function usesIn(headers: HeaderView, name: string): readonly Readonly<Record<string, unknown>>[] {
  const text = headerOf(headers, name);
  const json = text === null || text.length > LONGEST_HEADER ? null : parseJson(text);
  if (!isObject(json)) return [];
  const lists = Object.values(json).filter(Array.isArray);
  return (lists.length > 0 ? lists.flat() : [json]).filter(isObject).slice(0, MOST_USES);
}

function amount(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
}
