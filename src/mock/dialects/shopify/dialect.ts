/** Shopify: GraphQL takes cost points and gives back what was not used; REST drips from a bucket of calls. */

import { BUCKET } from "../../limits/limits.ts";
import type { Meter } from "../../limits/meter.ts";
import { leastLeft } from "../../limits/meter.ts";
import { routesOf } from "../platform/endpoints.ts";
import { platformDialect } from "../platform/platform-dialect.ts";
import { SHOPIFY_ENDPOINTS } from "./endpoints.ts";
import { shopifyFailure } from "./failures.ts";
import { REST } from "./rest.ts";

export const shopifyDialect = platformDialect({
  name: "shopify",
  meters: { points: BUCKET, rest_calls: BUCKET },
  // shopify.dev, API limits: standard plan
  defaults: { points: 1_000, rest_calls: 40 },
  failureDemand: () => ({}),
  requestIdHeader: "x-request-id",
  route: routesOf(SHOPIFY_ENDPOINTS),
  keyOf(headers) {
    const token = headers["x-shopify-access-token"];
    return typeof token === "string" ? token : null;
  },
  rateHeaders: (meters, endpoint) => (endpoint === REST ? callLimit(meters) : {}),
  failureReply: shopifyFailure,
});

function callLimit(meters: readonly Meter[]): Record<string, string> {
  const bucket = leastLeft(meters, ["rest_calls"]);
  if (!bucket) return {};
  const used = Math.ceil(bucket.capacity - bucket.level - 1e-6);
  return { "x-shopify-shop-api-call-limit": `${used}/${bucket.capacity}` };
}
