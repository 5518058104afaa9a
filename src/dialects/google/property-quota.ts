/**
 * Property quota: what the GA4 Data API counts, told with `returnPropertyQuota: true`.
 *
 * Answers tell what is left and what they took, never the limit: that is assumed to be the smallest
 * published one that could leave so much (Data API, "Quotas": standard and Analytics 360).
 */
import type { Units } from "../../core/demand.ts";
import type { JsonObject, LimitReading, RequestView } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { amountIn, isObject, jsonText } from "../body/json-fields.ts";
import { DAY_MS } from "../hints/rate-reading.ts";
import type { CountedUnits, PlatformUnits } from "../units/platform-units.ts";
import { untilPacificMidnight } from "./pacific-day.ts";

const HOUR_MS = 3_600_000;
/** "Most requests will charge 10 or fewer tokens" (Data API, "Quotas"). */
const TYPICAL_TOKENS = 10;
/**
 * A call asks whether an error of the server's is allowed still, and takes one only when it meets it:
 * this little is asked for, so that nothing is sent once none is left.
 */
const TRACE = 0.000_1;
const LONGEST_SHAPE = 8_192;
const DATA_API = /\/(properties\/[^/:]{1,64}):[A-Za-z]{1,64}$/;
/** What makes a report dear; which days it is about is not asked, or no day would know of the one before. */
const SHAPING = ["dimensions", "metrics", "dimensionFilter", "metricFilter", "limit", "cohortSpec"];

interface Quota {
  readonly field: string;
  readonly dimension: LimitReading["dimension"];
  /** Null: calls at once. */
  readonly perMs: number | null;
  readonly published: readonly number[];
}

const QUOTAS: readonly Quota[] = [
  quota("tokensPerDay", "units:tokens", DAY_MS, [200_000, 2_000_000]),
  quota("tokensPerHour", "units:tokens", HOUR_MS, [40_000, 400_000]),
  quota("tokensPerProjectPerHour", "units:project-tokens", HOUR_MS, [14_000, 140_000]),
  quota("concurrentRequests", "concurrency", null, [10, 50]),
  quota("serverErrorsPerProjectPerHour", "units:server-errors", HOUR_MS, [10, 50]),
  quota("potentiallyThresholdedRequestsPerHour", "units:thresholded-requests", HOUR_MS, [120]),
];
/** Counted in tokens at once, each on its own account. */
const TOKEN_QUOTAS = QUOTAS.slice(0, 3).map(({ field }) => field);

/** Its errors under 500 and above count; those of too many calls are told as quota. */
const SERVER_ERRORS: ReadonlySet<Verdict["class"]> = new Set(["transient", "overload", "timeout"]);

export const PROPERTY_UNITS: PlatformUnits = {
  names: ["tokens", "project-tokens", "server-errors", "thresholded-requests"],
  foresee: (request) => (propertyOf(request) === null ? {} : unitsOf(TYPICAL_TOKENS, TRACE)),
  shapeOf,
  answer: { field: "propertyQuota", read: readQuota },
  failed: (foreseen, verdict) =>
    "server-errors" in foreseen
      ? { ...foreseen, "server-errors": SERVER_ERRORS.has(verdict.class) ? 1 : 0 }
      : foreseen,
};

/** All its quotas count over one property. */
export function propertyOf({ path }: RequestView): string | null {
  return DATA_API.exec(path)?.[1] ?? null;
}

function quota(
  field: string,
  dimension: Quota["dimension"],
  perMs: number | null,
  published: readonly number[],
): Quota {
  return { field, dimension, perMs, published };
}

function unitsOf(tokens: number, serverErrors: number): Units {
  return { tokens, "project-tokens": tokens, "server-errors": serverErrors };
}

function shapeOf(request: RequestView): string | null {
  if (propertyOf(request) === null || request.body === null) return null;
  const { body, path } = request;
  return `${path}|${SHAPING.map((field) => jsonText(body[field])).join("|")}`.slice(
    0,
    LONGEST_SHAPE,
  );
}

interface Status {
  readonly consumed: number;
  readonly remaining: number;
}

/** Zeros are left out of Google's JSON; an object without anything tells nothing. */
function statusIn(value: unknown): Status | null {
  if (!isObject(value)) return null;
  const consumed = amountIn(value["consumed"]);
  const remaining = amountIn(value["remaining"]);
  if (consumed === null && remaining === null) return null;
  return { consumed: consumed ?? 0, remaining: remaining ?? 0 };
}

function readQuota(told: JsonObject, receivedAtMs: number): CountedUnits | null {
  const limits = QUOTAS.flatMap((one) => readingOf(one, statusIn(told[one.field]), receivedAtMs));
  const tokens = TOKEN_QUOTAS.map((field) => statusIn(told[field])).find((one) => one !== null);
  if (tokens === undefined || tokens === null) {
    return limits.length === 0 ? null : { counted: null, reserved: {}, limits };
  }
  const thresholded = statusIn(told["potentiallyThresholdedRequestsPerHour"])?.consumed ?? 0;
  const extra: Units = thresholded > 0 ? { "thresholded-requests": thresholded } : {};
  return {
    counted: { ...unitsOf(tokens.consumed, 0), ...extra },
    reserved: { ...unitsOf(tokens.consumed, TRACE), ...extra },
    limits,
  };
}

function readingOf(
  { dimension, perMs, published }: Quota,
  status: Status | null,
  receivedAtMs: number,
): LimitReading | [] {
  if (status === null) return [];
  const { consumed, remaining } = status;
  const least = consumed + remaining;
  const isDay = perMs === DAY_MS;
  return {
    dimension,
    perMs,
    limit: null,
    assumedLimit: published.find((one) => one >= least) ?? least,
    remaining,
    resetMs: isDay ? untilPacificMidnight(receivedAtMs) : null,
    // Of the hours nobody says when they begin: a window that looks back is right for any of them.
    resetMeaning: isDay ? "window" : "rolling",
    quantum: 1,
  };
}
