/** The grammar of limits in error texts: which dimension bound, how long to wait, and whether waiting is useless. */
import type { LimitReading } from "../../core/dialect.ts";
import type { LimitedDimension } from "../../core/verdict/verdict.ts";
import { DURATION_SOURCE, parseDuration } from "../hints/durations.ts";
import { DAY_MS } from "../hints/rate-reading.ts";
import { parseTimestamp } from "../hints/timestamps.ts";

type Unit = "requests" | "tokens" | "input_tokens" | "output_tokens" | "concurrency";

const PER = "(?: ?/ ?| per )(second|sec|minute|min|hour|day|month|s\\b|m\\b|h\\b|d\\b)";
const TOKEN_KIND = "((?:input|prompt|output|completion|generated)[ _-])?";
/** `20,000 input tokens per minute`: a unit that is counted per window names the limit beyond doubt. */
const UNIT_PER_WINDOW = new RegExp(
  `(?:${TOKEN_KIND}(tokens?)(?: count)?|(requests?|queries|calls|operations))${PER}`,
);
const ABBREVIATION = /\b(itpm|otpm|tpm|tpd|rpm|rpd|rps|qps|qpm)\b/;
const OF_ABBREVIATION: Readonly<Record<string, Unit>> = {
  itpm: "input_tokens",
  otpm: "output_tokens",
  tpm: "tokens",
  tpd: "tokens",
  rpm: "requests",
  rpd: "requests",
  rps: "requests",
  qps: "requests",
  qpm: "requests",
};
const DAILY = /\b(?:per|a) day\b|\/ ?day\b|\bdaily\b|\b[tr]pd\b/;

/** `isDaily` is null where the sign does not tell the window. */
interface Sign {
  readonly unit: Unit;
  readonly isDaily: boolean | null;
}

const CONCURRENCY = /concurren|simultaneous|parallel (?:requests|connections)/;

/** Weaker signs, in order: words near "limit" or "too many". */
const LOOSE: readonly (readonly [RegExp, Unit])[] = [
  [CONCURRENCY, "concurrency"],
  [
    /(?:input|prompt) tokens?(?: rate)? (?:limit|count|quota)|too many input tokens/,
    "input_tokens",
  ],
  [/output tokens?(?: rate)? (?:limit|count|quota)|too many output tokens/, "output_tokens"],
  [
    /tokens? (?:rate |usage )?(?:limit|quota)|too many tokens|number of (?:request )?tokens|(?:limit|quota|rate ?limit) (?:of |on |for )?tokens?\b/,
    "tokens",
  ],
  [
    /requests? (?:rate |usage )?(?:limit|quota)|(?:call|query) (?:rate |volume )?(?:limit|quota)|too many (?:requests|calls)|number of requests|request rate|requests? throttl|requests? per (?:base )?model|api calls|(?:limit|quota)(?: reached| exceeded)? (?:of |on |for )requests?\b|ratelimit (?:requests?|calls?)|free tier requests/,
    "requests",
  ],
];

/** The dimension that codes and messages name; null if they name none. */
export function dimensionInText(
  identifiers: readonly string[],
  prose: string,
): LimitedDimension | null {
  const codes = identifiers.join(" ; ");
  const sign =
    windowSign(prose) ??
    concurrencySign(prose) ??
    exactSign(identifiers) ??
    windowSign(codes) ??
    looseSign(prose) ??
    looseSign(codes);
  const isDaily = sign?.isDaily ?? (DAILY.test(prose) || DAILY.test(codes));
  const unit = sign?.unit ?? null;
  if (!isDaily || unit === "concurrency") return unit;
  return unit === null || unit === "requests" ? "requests_per_day" : "tokens_per_day";
}

/** The reading that bound: exhausted, and of several the one that takes longest. */
export function exhausted(readings: readonly LimitReading[]): LimitReading | null {
  let worst: LimitReading | null = null;
  for (const reading of readings) {
    if (reading.remaining !== 0) continue;
    if (worst === null || (reading.resetMs ?? 0) > (worst.resetMs ?? 0)) worst = reading;
  }
  return worst;
}

export function dimensionOfReading(reading: LimitReading): LimitedDimension {
  const { dimension } = reading;
  // A platform's own units are limits on its requests, in the words that verdicts have.
  if (isUnits(dimension)) return reading.perMs === DAY_MS ? "requests_per_day" : "requests";
  if (dimension === "concurrency" || reading.perMs !== DAY_MS) return dimension;
  return dimension === "requests" ? "requests_per_day" : "tokens_per_day";
}

function isUnits(dimension: LimitReading["dimension"]): dimension is `units:${string}` {
  return dimension.startsWith("units:");
}

const WAIT = new RegExp(
  `(?:(?:again|retry|retrying|wait|available|resets?)(?: at least| up to)?(?: in| after| for)?(?: about| approximately)?|retry-after:) (${DURATION_SOURCE})`,
);
const MOMENT =
  /(?:again|retry|available|resets?)(?: at| after| on| until)? (\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}[0-9:.]{0,10}(?: ?utc|z|[+-]\d{2}:?\d{2})?)/;

/** Azure's gateway: `will be replenished in 2.03:12:30`, days before the dot. */
const CLOCK = /(?:replenished|again|resets?) in (?:(\d{1,3})\.)?(\d{1,2}):(\d{2}):(\d{2})\b/;

/** The wait that a message states, in milliseconds; `reference` is what a stated moment is measured from. */
export function waitInText(prose: string, reference: number): number | null {
  const stated = WAIT.exec(prose);
  const duration = stated === null ? null : parseDuration(stated[1].trim());
  if (duration !== null) return duration;
  const clock = CLOCK.exec(prose);
  if (clock !== null) {
    const [days, hours, minutes, seconds] = clock.slice(1).map((part) => Number(part ?? 0));
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
  }
  const moment = MOMENT.exec(prose);
  const at = moment === null ? null : parseTimestamp(moment[1]);
  return at === null ? null : Math.max(0, at - reference);
}

const NOTHING_ALLOWED = /\blimit:? 0\b(?![.,]\d)(?! (?:remaining|left))/;
const LIMIT_REQUESTED = /\blimit:? ([\d,]{1,15})\b.{0,60}\brequested:? ~?([\d,]{1,15})\b/;

/** The request can never pass: no quota at all, or more asked for than the limit holds. */
export function canNeverFit(prose: string): boolean {
  if (NOTHING_ALLOWED.test(prose) || /request (?:is )?too large/.test(prose)) return true;
  const match = LIMIT_REQUESTED.exec(prose);
  return match !== null && plain(match[2]) > plain(match[1]);
}

function windowSign(text: string): Sign | null {
  const match = UNIT_PER_WINDOW.exec(text);
  if (match !== null) {
    const unit = match[2] === undefined ? "requests" : tokenUnit(match[1]);
    return { unit, isDaily: match[4].startsWith("d") };
  }
  const abbreviation = ABBREVIATION.exec(text)?.[1];
  if (abbreviation === undefined) return null;
  return { unit: OF_ABBREVIATION[abbreviation], isDaily: abbreviation.endsWith("d") };
}

/** "Too many concurrent requests" is no matter of rate, though its `type` may be `requests`. */
function concurrencySign(prose: string): Sign | null {
  return CONCURRENCY.test(prose) ? { unit: "concurrency", isDaily: null } : null;
}

function looseSign(text: string): Sign | null {
  const found = LOOSE.find(([pattern]) => pattern.test(text));
  return found === undefined ? null : { unit: found[1], isDaily: null };
}

function tokenUnit(kind: string | undefined): Unit {
  if (kind === undefined) return "tokens";
  return kind.startsWith("input") || kind.startsWith("prompt") ? "input_tokens" : "output_tokens";
}

/** OpenAI's `type` is the dimension itself. */
function exactSign(identifiers: readonly string[]): Sign | null {
  if (identifiers.includes("tokens")) return { unit: "tokens", isDaily: null };
  return identifiers.includes("requests") ? { unit: "requests", isDaily: null } : null;
}

function plain(number: string): number {
  return Number(number.replaceAll(",", ""));
}
