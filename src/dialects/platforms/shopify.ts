/** Shopify: GraphQL counts cost points and throttles under HTTP 200; REST tells a leaky bucket as `32/40`. */
import type { HeaderView, LimitReading } from "../../core/dialect.ts";
import { amountIn, isObject } from "../body/json-fields.ts";
import { headerOf } from "../hints/headers.ts";
import { SHOPIFY_POINTS, shopifyApi } from "../shopify/points.ts";
import { codeTable, type OwnQuestion, type OwnReading } from "../verdicts/verdict-rules.ts";
import { platform } from "./platform.ts";

/** The bucket of any plan empties in this time: 40 at 2 a second, 80 at 4, 400 at 20 (Shopify, REST rate limits). */
const BUCKET_MS = 20_000;

export const shopify = platform({
  name: "shopify",
  failsUnderSuccess: true,
  credentialHeader: { name: "x-shopify-access-token", prefix: "" },
  readings,
  rules: {
    own: costWait,
    codes: codeTable({
      THROTTLED: { class: "quota", dimension: "requests" },
      MAX_COST_EXCEEDED: "invalid_request",
      ACCESS_DENIED: "auth",
      SHOP_INACTIVE: "billing",
      INTERNAL_SERVER_ERROR: "transient",
      TIMEOUT: "timeout",
    }),
    quotaDimension: "requests",
  },
  units: SHOPIFY_POINTS,
  scopeOf: shopifyApi,
});

/** What is missing of the query's cost, at the rate at which points come back. */
function costWait({ facts }: OwnQuestion): OwnReading | null {
  const extensions = isObject(facts.value) ? facts.value["extensions"] : null;
  const cost = isObject(extensions) ? extensions["cost"] : null;
  const status = isObject(cost) ? cost["throttleStatus"] : null;
  if (!isObject(cost) || !isObject(status)) return null;
  const requested = amountIn(cost["requestedQueryCost"]);
  const available = amountIn(status["currentlyAvailable"]);
  const perSecond = amountIn(status["restoreRate"]);
  const most = amountIn(status["maximumAvailable"]);
  if (requested === null || available === null || !perSecond) return null;
  if (most !== null && requested > most) return { neverPasses: true };
  return { waitMs: Math.max(0, (1_000 * (requested - available)) / perSecond) };
}

function readings(headers: HeaderView): readonly LimitReading[] {
  const told = headerOf(headers, "x-shopify-shop-api-call-limit");
  const match = told === null ? null : /^(\d{1,9})\/(\d{1,9})$/.exec(told);
  if (match === null) return [];
  const [used, limit] = match.slice(1).map(Number);
  if (limit === 0) return [];
  const resetMs = Math.ceil((Math.min(used, limit) * BUCKET_MS) / limit);
  const remaining = Math.max(0, limit - used);
  return [
    {
      dimension: "requests",
      perMs: BUCKET_MS,
      limit,
      remaining,
      resetMs,
      resetMeaning: "full",
      quantum: 1,
    },
  ];
}
