/** GA4: the Data API counts quota tokens per day, hour and project at once; the Measurement Protocol counts nothing. */
import { fixed } from "../../limits/limits.ts";
import { bearerKey } from "../openai/dialect.ts";
import { routesOf } from "../platform/endpoints.ts";
import { platformDialect } from "../platform/platform-dialect.ts";
import { GA4_ENDPOINTS } from "./endpoints.ts";
import { ga4Failure } from "./failures.ts";

const MIDNIGHT = "America/Los_Angeles";

export const ga4Dialect = platformDialect({
  name: "ga4",
  meters: {
    tpd: fixed(MIDNIGHT),
    tph: fixed(),
    project_tph: fixed(),
    server_errors_per_hour: fixed(),
  },
  // developers.google.com, Analytics Data API quotas: core, standard property
  defaults: {
    tpd: 200_000,
    tph: 40_000,
    project_tph: 14_000,
    server_errors_per_hour: 10,
    max_parallel_requests: 10,
  },
  // Server errors are a quota of their own.
  failureDemand(failure) {
    const isServerError =
      failure.kind === "overloaded" || (failure.kind === "status" && failure.status >= 500);
    return isServerError ? { server_errors_per_hour: 1 } : {};
  },
  requestIdHeader: null,
  route: routesOf(GA4_ENDPOINTS),
  keyOf: (headers, query) => query.get("api_secret") ?? bearerKey(headers),
  rateHeaders: () => ({}),
  failureReply: ga4Failure,
});
