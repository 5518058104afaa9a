/** OpenAI: tokens are charged at admission, by the larger of max_tokens and the estimate, for good. */
import type { Call } from "../../answer/call.ts";
import { type MockDialect, NOTHING } from "../../dialect.ts";
import type { Demand } from "../../limits/grant.ts";
import { BUCKET } from "../../limits/limits.ts";
import { readChat } from "./chat.ts";
import { readEmbeddings } from "./embeddings.ts";
import { openaiFailure } from "./failures.ts";
import { openaiRateHeaders } from "./headers.ts";
import { OPENAI_MODELS, openaiModel } from "./models.ts";
import { readResponses } from "./responses.ts";
import { lookUpModels, postTo } from "./routes.ts";

const READERS = {
  "/v1/chat/completions": readChat,
  "/v1/responses": readResponses,
  "/v1/embeddings": readEmbeddings,
};

export const openaiDialect: MockDialect = {
  name: "openai",
  meters: { rpm: BUCKET, rpd: BUCKET, tpm: BUCKET, tpd: BUCKET },
  slotsCountAfterMs: 0,
  defaults: {},
  failureDemand: countedFailure,
  outputDimensions: [],
  requestIdHeader: "x-request-id",
  requestId: (id) => `req_${id}`,
  processingHeader: "openai-processing-ms",
  route: (target) =>
    postTo(target, READERS) ?? lookUpModels(target, "/v1/models", OPENAI_MODELS, openaiModel),
  keyOf: bearerKey,
  demandOf,
  refundOf: () => NOTHING,
  rateHeaders: openaiRateHeaders,
  failureReply: openaiFailure,
};

/** "unsuccessful requests contribute to your per-minute limit", OpenAI's rate-limit guide */
export function countedFailure(): Demand {
  return ONE_REQUEST;
}

const ONE_REQUEST: Demand = { rpm: 1, rpd: 1 };

export function bearerKey(headers: NodeJS.Dict<string | string[]>): string | null {
  const { authorization } = headers;
  return typeof authorization === "string" ? authorization.replace(/^Bearer\s+/i, "") : null;
}

function demandOf(call: Call): Demand {
  const tokens = Math.max(1, call.maxOutputTokens ?? 0, call.inputTokens);
  return { ...ONE_REQUEST, tpm: tokens, tpd: tokens };
}
