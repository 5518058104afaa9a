/** Points: what Shopify's GraphQL counts: reserved before a query runs, settled after it, told in every answer. */
import type { Units } from "../../core/demand.ts";
import type { JsonObject, LimitReading, RequestView } from "../../core/dialect.ts";
import { amountIn, isObject, jsonText, textIn } from "../body/json-fields.ts";
import type { CountedUnits, PlatformUnits } from "../units/platform-units.ts";
import { queryCost } from "./query-cost.ts";

const GRAPHQL = /\/graphql(?:\.json)?\/?$/;
/** A query that is sent by another's name, or unparsed. */
const UNKNOWN_POINTS = 10;
const LONGEST_SHAPE = 65_536;

export const SHOPIFY_POINTS: PlatformUnits = {
  names: ["points"],
  foresee: (request): Units => (isGraphQl(request) ? { points: pointsOf(request) } : {}),
  shapeOf,
  answer: { field: "cost", read: readCost },
};

/** Each of its two APIs has a limit of its own. */
export function shopifyApi(request: RequestView): string {
  return isGraphQl(request) ? "graphql" : "rest";
}

function isGraphQl({ path }: RequestView): boolean {
  return GRAPHQL.test(path);
}

function pointsOf({ body }: RequestView): number {
  const query = textIn(body?.["query"]);
  return query === null ? UNKNOWN_POINTS : queryCost(query, body?.["variables"]);
}

/** The query, and the numbers that may size its pages: the same again costs the same again. */
function shapeOf(request: RequestView): string | null {
  const query = textIn(request.body?.["query"]);
  if (query === null || !isGraphQl(request)) return null;
  const variables = request.body?.["variables"];
  const numbers = Object.entries(isObject(variables) ? variables : {}).filter(
    ([, value]) => typeof value === "number",
  );
  const name = textIn(request.body?.["operationName"]) ?? "";
  return `${name}|${jsonText(numbers)}|${query}`.slice(0, LONGEST_SHAPE);
}

function readCost(cost: JsonObject): CountedUnits | null {
  const requested = amountIn(cost["requestedQueryCost"]);
  const actual = amountIn(cost["actualQueryCost"]);
  const counted = actual ?? requested;
  if (counted === null) return null;
  return {
    counted: { points: counted },
    reserved: { points: requested ?? counted },
    limits: readThrottleStatus(cost["throttleStatus"]),
  };
}

/** Plans of Shopify's own staff have none. */
function readThrottleStatus(status: unknown): readonly LimitReading[] {
  if (!isObject(status)) return [];
  const limit = amountIn(status["maximumAvailable"]);
  const remaining = amountIn(status["currentlyAvailable"]);
  const perSecond = amountIn(status["restoreRate"]);
  if (!limit || !perSecond || remaining === null) return [];
  const msOf = (points: number) => Math.ceil((1_000 * points) / perSecond);
  return [
    {
      dimension: "units:points",
      perMs: msOf(limit),
      limit,
      remaining,
      resetMs: msOf(Math.max(0, limit - remaining)),
      resetMeaning: "full",
      quantum: 1,
    },
  ];
}
