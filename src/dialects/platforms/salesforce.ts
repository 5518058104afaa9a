/** Salesforce: one allowance per organisation and 24 hours, and few long calls at once; both refuse with 403 and one code. */
import type { HeaderView, LimitReading, RequestView } from "../../core/dialect.ts";
import { headerOf } from "../hints/headers.ts";
import { DAY_MS } from "../hints/rate-reading.ts";
import { lengthAt, recordsIn } from "../units/records.ts";
import { codeTable } from "../verdicts/verdict-rules.ts";
import { platform } from "./platform.ts";

export const salesforce = platform({
  name: "salesforce",
  readings,
  refusalsAreFree: true,
  units: recordsIn("records", "compositeRequest", "batchRequests"),
  requestsOf: subrequests,
  rules: {
    dimensions: [
      { pattern: /concurrent/, dimension: "concurrency" },
      { pattern: /\btotalrequests limit|total requests limit/, dimension: "requests_per_day" },
    ],
    codes: codeTable({
      // Only the message tells it from the limit on concurrent calls.
      REQUEST_LIMIT_EXCEEDED: { class: "quota", dimension: "requests_per_day" },
      STORAGE_LIMIT_EXCEEDED: { class: "quota", neverPasses: true },
      SERVER_UNAVAILABLE: "overload",
      UNABLE_TO_LOCK_ROW: "transient",
      QUERY_TIMEOUT: "timeout",
      INVALID_SESSION_ID: "auth",
      API_DISABLED_FOR_ORG: "auth",
    }),
    quotaDimension: "requests_per_day",
  },
});

/** REST API guide, "Composite resources": all of them are one call, but for a batch, whose subrequests each count. */
function subrequests({ path, body }: RequestView): number {
  const isBatch = /\/composite\/batch\/?$/.test(path);
  return Math.max(1, (isBatch ? lengthAt(body, "batchRequests") : null) ?? 1);
}

/** `api-usage=18/15000`, used and allowed; an application's own allowance may follow. */
function readings(headers: HeaderView): readonly LimitReading[] {
  const info = headerOf(headers, "sforce-limit-info");
  const match = info === null ? null : /(?:^|[\s;,])api-usage=(\d{1,15})\/(\d{1,15})/.exec(info);
  if (match === null) return [];
  const [used, limit] = match.slice(1).map(Number);
  const remaining = Math.max(0, limit - used);
  return [
    {
      dimension: "requests",
      perMs: DAY_MS,
      limit,
      remaining,
      resetMs: null,
      resetMeaning: "rolling",
      quantum: 1,
    },
  ];
}
