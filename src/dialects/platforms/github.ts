/** GitHub: the primary limit is in the headers; a secondary one is told by a sentence, under 403 or 429. */
import type { HeaderView, LimitReading, RequestView } from "../../core/dialect.ts";
import { textIn } from "../body/json-fields.ts";
import { familyReadings, type HeaderFamily, xRateLimit } from "../hints/header-families.ts";
import { headerOf } from "../hints/headers.ts";
import { MINUTE_MS } from "../hints/rate-reading.ts";
import { isRead } from "../units/records.ts";
import type { OwnQuestion, OwnReading } from "../verdicts/verdict-rules.ts";
import { platform } from "./platform.ts";

const HOUR_MS = 3_600_000;
/** docs.github.com: without retry-after, and with something left, "wait for at least one minute". */
const SECONDARY_WAIT_MS = 60_000;
/** Resources whose window is a minute; all others have an hour. */
const PER_MINUTE = new Set(["search", "code_search"]);

const GRAPHQL = /\/graphql$/;
/** docs.github.com, "Calculating points for the secondary rate limit". */
const WRITE_POINTS = 5;

const FAMILY: HeaderFamily = xRateLimit("", {
  dimension: "requests",
  perMs: HOUR_MS,
  resetMeaning: "window",
});
const inHours = familyReadings([FAMILY]);
const inMinutes = familyReadings([{ ...FAMILY, perMs: MINUTE_MS }]);

export const github = platform({
  name: "github",
  readings,
  repeatablePosts: GRAPHQL,
  units: { names: ["points"], foresee: (request) => ({ points: pointsOf(request) }) },
  rules: { own: limited },
});

function readings(headers: HeaderView, receivedAtMs: number): readonly LimitReading[] {
  const resource = headerOf(headers, "x-ratelimit-resource") ?? "core";
  return (PER_MINUTE.has(resource) ? inMinutes : inHours)(headers, receivedAtMs);
}

function limited({ status, headers, facts, receivedAtMs }: OwnQuestion): OwnReading | null {
  if (status !== 403 && status !== 429) return null;
  const [primary] = readings(headers, receivedAtMs);
  if (primary?.remaining === 0) return { class: "quota", dimension: "requests" };
  const isSecondary = /secondary rate limit|abuse detection/.test(facts.prose);
  return isSecondary ? { class: "quota", waitMs: SECONDARY_WAIT_MS } : null;
}

/** The secondary limit per minute counts these; no header tells it. */
function pointsOf(request: RequestView): number {
  const query = textIn(request.body?.["query"]) ?? "";
  const isReading = GRAPHQL.test(request.path) ? !/^\s*mutation\b/.test(query) : isRead(request);
  return isReading ? 1 : WRITE_POINTS;
}
