/** OpenAI: tokens are charged at admission, by the larger of max_tokens and the estimate, for good. */
import type { Call } from "../../answer/call.ts";
import type { MockDialect, Route } from "../../dialect.ts";
import type { Demand } from "../../limits/grant.ts";
import { readChat } from "./chat.ts";
import { readEmbeddings } from "./embeddings.ts";
import { openaiFailure } from "./failures.ts";
import { openaiRateHeaders } from "./headers.ts";
import { findOpenaiModel, listOpenaiModels } from "./models.ts";
import { readResponses } from "./responses.ts";

const READERS = {
  "/v1/chat/completions": readChat,
  "/v1/responses": readResponses,
  "/v1/embeddings": readEmbeddings,
} as const;
const MODELS = "/v1/models";

export const openaiDialect: MockDialect = {
  name: "openai",
  dimensions: ["rpm", "rpd", "tpm", "tpd", "max_parallel_requests"],
  failuresCount: true, // "unsuccessful requests contribute to your per-minute limit", OpenAI's rate-limit guide
  outputDimensions: [],
  cachedInputDimensions: [],
  requestIdHeader: "x-request-id",
  processingHeader: "openai-processing-ms",
  route,
  keyOf(headers) {
    const authorization = headers.authorization;
    if (typeof authorization !== "string") return null;
    return authorization.replace(/^Bearer\s+/i, "");
  },
  demandOf,
  rateHeaders: openaiRateHeaders,
  failureReply: openaiFailure,
};

function route(method: string, path: string): Route {
  if (Object.hasOwn(READERS, path)) {
    const read = READERS[path as keyof typeof READERS];
    return method === "POST" ? { kind: "call", path, read } : { kind: "wrong-method", path };
  }
  if (path === MODELS) return lookup(method, MODELS, listOpenaiModels);
  const id = path.startsWith(`${MODELS}/`) ? path.slice(MODELS.length + 1) : "";
  if (id === "") return { kind: "unknown-path" };
  return lookup(method, `${MODELS}/{model}`, () => findOpenaiModel(decode(id)));
}

function lookup(
  method: string,
  path: string,
  reply: () => ReturnType<typeof findOpenaiModel>,
): Route {
  return method === "GET" ? { kind: "lookup", path, reply } : { kind: "wrong-method", path };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function demandOf(call: Call): Demand {
  const tokens = Math.max(1, call.maxOutputTokens ?? 0, call.inputTokens);
  return { rpm: 1, rpd: 1, tpm: tokens, tpd: tokens };
}
