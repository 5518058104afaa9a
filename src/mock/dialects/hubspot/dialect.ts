/** HubSpot: a rolling window of ten seconds, a day until midnight, and searches by the second without headers. */
import type { Headers } from "../../dialect.ts";
import { fixed, SLIDING } from "../../limits/limits.ts";
import { leastLeft, type Meter, unitsLeft } from "../../limits/meter.ts";
import { routesOf } from "../platform/endpoints.ts";
import { platformDialect } from "../platform/platform-dialect.ts";
import { HUBSPOT_ENDPOINTS, SEARCH } from "./endpoints.ts";
import { hubspotFailure } from "./failures.ts";

export const hubspotDialect = platformDialect({
  name: "hubspot",
  meters: { rps: SLIDING, rp10s: SLIDING, rpd: fixed() },
  // developers.hubspot.com, usage guidelines: private app, free and starter
  defaults: { rp10s: 100, rpd: 250_000, models: { [SEARCH]: { rps: 5 } } },
  failureDemand: ({ kind }) => (kind === "rate-limited" ? {} : { rp10s: 1, rpd: 1 }),
  requestIdHeader: "x-hubspot-correlation-id",
  route: routesOf(HUBSPOT_ENDPOINTS),
  rateHeaders: (meters, endpoint) => (endpoint === SEARCH ? {} : headersOf(meters)),
  failureReply: hubspotFailure,
});

function headersOf(meters: readonly Meter[]): Headers {
  const window = leastLeft(meters, ["rp10s"]);
  const day = leastLeft(meters, ["rpd"]);
  return {
    ...(window && {
      "x-hubspot-ratelimit-max": String(window.capacity),
      "x-hubspot-ratelimit-remaining": String(unitsLeft(window)),
      "x-hubspot-ratelimit-interval-milliseconds": "10000",
    }),
    ...(day && {
      "x-hubspot-ratelimit-daily": String(day.capacity),
      "x-hubspot-ratelimit-daily-remaining": String(unitsLeft(day)),
    }),
  };
}
