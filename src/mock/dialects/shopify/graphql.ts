/** Shopify's GraphQL: the cost that a query may have is taken, what it did not have is given back. */
import { type Books, type Call, isBody } from "../../answer/call.ts";
import { badRequest, type Failure, jsonReply } from "../../failure.ts";
import { leastLeft, unitsLeft } from "../../limits/meter.ts";
import type { Asked } from "../platform/endpoints.ts";
import { platformCall } from "../platform/platform-call.ts";
import { MAX_QUERY_COST, RESTORE_SECONDS } from "./points.ts";
import { parseQuery } from "./query.ts";
import { costOf, dataOf } from "./query-cost.ts";

/** The endpoint by which limits and faults can be given. */
const GRAPHQL = "graphql";

export function readGraphql({ body: { query, variables } }: Asked): Call | Failure {
  if (typeof query !== "string") return badRequest("No query was given.", GRAPHQL);
  const parsed = parseQuery(query, isBody(variables) ? variables : {});
  if (parsed === null) return badRequest("syntax error, unexpected end of file", GRAPHQL);
  const requested = costOf(parsed, "requested");
  const actual = costOf(parsed, "actual");
  if (requested > MAX_QUERY_COST) {
    const said = `Query cost is ${requested}, which exceeds the single query max cost limit (${MAX_QUERY_COST}).`;
    return badRequest(said, GRAPHQL, "MAX_COST_EXCEEDED");
  }
  const taken = { points: requested };
  const returned = { points: requested - actual };
  return platformCall(GRAPHQL, { taken, returned }, (_, books) => {
    const cost = { requestedQueryCost: requested, actualQueryCost: actual };
    const extensions = { cost: { ...cost, ...throttleStatus(books()) } };
    return jsonReply(200, { data: dataOf(parsed), extensions });
  });
}

function throttleStatus({ meters }: Books): object {
  const bucket = leastLeft(meters, ["points"]);
  if (!bucket) return {};
  const { capacity } = bucket;
  const status = { maximumAvailable: capacity, currentlyAvailable: unitsLeft(bucket) };
  return { throttleStatus: { ...status, restoreRate: capacity / RESTORE_SECONDS } };
}
