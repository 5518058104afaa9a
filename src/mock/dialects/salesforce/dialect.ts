/** Salesforce: an allowance per organisation over rolling 24 hours, and few calls that take long at the same time. */
import { SLIDING } from "../../limits/limits.ts";
import { leastLeft } from "../../limits/meter.ts";
import { routesOf } from "../platform/endpoints.ts";
import { platformDialect } from "../platform/platform-dialect.ts";
import { SALESFORCE_ENDPOINTS } from "./endpoints.ts";
import { salesforceFailure } from "./failures.ts";

export const salesforceDialect = platformDialect({
  name: "salesforce",
  meters: { rpd: SLIDING },
  // developer.salesforce.com, API request limits: Developer Edition; concurrency of a production org
  defaults: { rpd: 15_000, max_parallel_requests: 25 },
  slotsCountAfterMs: 20_000, // "duration of 20 seconds or longer" (the same page)
  failureDemand: ({ kind }) =>
    kind === "rate-limited" || kind === "unauthorized" ? {} : { rpd: 1 },
  requestIdHeader: "x-request-id",
  route: routesOf(SALESFORCE_ENDPOINTS),
  rateHeaders(meters) {
    const day = leastLeft(meters, ["rpd"]);
    const headers: Record<string, string> = {};
    if (!day) return headers;
    const used = Math.ceil(day.capacity - day.level);
    headers["sforce-limit-info"] = `api-usage=${used}/${day.capacity}`;
    return headers;
  },
  failureReply: salesforceFailure,
});
