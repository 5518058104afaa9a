/** Anthropic: input is charged at admission, output as it is produced; max_tokens plays no part. */
import type { Body } from "../../answer/call.ts";
import { type MockDialect, NOTHING, type Route, type Target } from "../../dialect.ts";
import {
  type BadRequest,
  type Failure,
  isUnknownModel,
  jsonReply,
  type Reply,
} from "../../failure.ts";
import { BUCKET } from "../../limits/limits.ts";
import { anthropicFailure } from "./failures.ts";
import { anthropicRateHeaders } from "./headers.ts";
import { countMessageTokens, readMessages } from "./messages.ts";

const MODELS = ["claude-opus-5", "claude-sonnet-5", "claude-sonnet-4-5", "claude-haiku-4-5"];

export const anthropicDialect: MockDialect = {
  name: "anthropic",
  meters: { rpm: BUCKET, rpd: BUCKET, tpm: BUCKET, tpd: BUCKET, itpm: BUCKET, otpm: BUCKET },
  slotsCountAfterMs: 0,
  defaults: {},
  failureDemand: () => NOTHING,
  outputDimensions: ["otpm", "tpm", "tpd"],
  requestIdHeader: "request-id",
  requestId: (id) => `req_${id}`,
  processingHeader: null,
  route,
  keyOf(headers) {
    const key = headers["x-api-key"];
    if (typeof key === "string") return key;
    return headers.authorization ? String(headers.authorization).replace(/^Bearer\s+/i, "") : null;
  },
  demandOf({ inputTokens }) {
    return { rpm: 1, rpd: 1, itpm: inputTokens, tpm: inputTokens, tpd: inputTokens, otpm: 0 };
  },
  // "cache reads do not count", Anthropic's rate-limit page
  refundOf: (_, { cachedTokens }) => ({ itpm: cachedTokens, tpm: cachedTokens, tpd: cachedTokens }),
  rateHeaders: (meters) => anthropicRateHeaders(meters, Date.now()),
  failureReply: anthropicFailure,
};

function route({ method, path }: Target): Route {
  if (path === "/v1/messages" || path === "/v1/messages/count_tokens") {
    if (method !== "POST") return { kind: "wrong-method", path };
    if (path === "/v1/messages") return { kind: "call", path, body: "json", read: readMessages };
    return { kind: "count", path, reply: countTokens };
  }
  const id = /^\/v1\/models(?:\/(.+))?$/.exec(path);
  if (!id) return { kind: "unknown-path" };
  const name = id[1] === undefined ? "/v1/models" : "/v1/models/{model}";
  if (method !== "GET") return { kind: "wrong-method", path: name };
  return { kind: "lookup", path: name, reply: () => (id[1] ? findModel(id[1]) : listModels()) };
}

function countTokens(body: Body): Reply | BadRequest {
  const tokens = countMessageTokens(body);
  return typeof tokens === "number" ? jsonReply(200, { input_tokens: tokens }) : tokens;
}

function listModels(): Reply {
  return jsonReply(200, {
    data: MODELS.map(modelOf),
    has_more: false,
    first_id: MODELS[0],
    last_id: MODELS.at(-1),
  });
}

function findModel(id: string): Reply | Failure {
  return isUnknownModel(id) ? { kind: "unknown-model", model: id } : jsonReply(200, modelOf(id));
}

function modelOf(id: string): object {
  return { type: "model", id, display_name: id, created_at: "2025-10-01T00:00:00Z" };
}
