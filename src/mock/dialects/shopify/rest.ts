/** Shopify's REST resources, each call one of the bucket. */
import type { Body, Call } from "../../answer/call.ts";
import { type Failure, jsonReply } from "../../failure.ts";
import type { Asked } from "../platform/endpoints.ts";
import { platformCall } from "../platform/platform-call.ts";

/** The endpoint by which limits and faults can be given. */
export const REST = "rest";

export function readRest(status: number): (asked: Asked) => Call | Failure {
  return ({ places: [, resource, id], body }) => {
    if (id?.includes("missing")) return { kind: "unknown-model", model: id };
    const content =
      id === undefined && status === 200 ? listOf(resource) : oneOf(resource, id, body);
    return platformCall(REST, { taken: { rest_calls: 1 } }, () => jsonReply(status, content));
  };
}

function listOf(resource: string): object {
  return { [resource]: [{ id: 1 }, { id: 2 }] };
}

/** `products` -> `{ product: { id, ... } }` */
function oneOf(resource: string, id: string | undefined, body: Body): object {
  const name = resource.replace(/s$/, "");
  const given = typeof body[name] === "object" ? body[name] : {};
  return { [name]: { id: Number(id ?? 1) || 1, ...given } };
}
