/** OpenRouter: many providers behind OpenAI's API; only the free models have limits of requests. */
import type { Body } from "../../answer/call.ts";
import { type MockDialect, NOTHING, type Route, type Target } from "../../dialect.ts";
import { jsonReply } from "../../failure.ts";
import { BUCKET, fixed } from "../../limits/limits.ts";
import { readChat } from "../openai/chat.ts";
import { bearerKey } from "../openai/dialect.ts";
import { readEmbeddings } from "../openai/embeddings.ts";
import { lookUpModels, postTo } from "../openai/routes.ts";
import { failsUnderSuccess, OPENROUTER_CHAT } from "./chat.ts";
import { openrouterFailure } from "./failures.ts";

const READERS = {
  "/api/v1/chat/completions"(body: Body) {
    const call = readChat(body, OPENROUTER_CHAT);
    return call.kind === "call" ? failsUnderSuccess(call) : call;
  },
  "/api/v1/embeddings": readEmbeddings,
};
const MODELS = ["openai/gpt-5", "anthropic/claude-sonnet-4.5", "deepseek/deepseek-chat:free"];
const KEY = "/api/v1/key";

export const openrouterDialect: MockDialect = {
  name: "openrouter",
  meters: { rpm: BUCKET, rpd: fixed() },
  slotsCountAfterMs: 0,
  // openrouter.ai/docs, limits: 20 a minute, and 50 a day without bought credits
  defaults: { models: { "*:free": { rpm: 20, rpd: 50 } } },
  failureDemand: (failure) => (failure.kind === "rate-limited" ? NOTHING : { rpm: 1, rpd: 1 }),
  outputDimensions: [],
  requestIdHeader: "x-generation-id",
  requestId: (id) => `gen-${id}`,
  processingHeader: null,
  route,
  keyOf: bearerKey,
  demandOf: () => ({ rpm: 1, rpd: 1 }),
  refundOf: () => NOTHING,
  rateHeaders: () => ({}),
  failureReply: openrouterFailure,
};

function route(target: Target): Route {
  if (target.path === KEY) {
    if (target.method !== "GET") return { kind: "wrong-method", path: KEY };
    return { kind: "lookup", path: KEY, reply: () => jsonReply(200, { data: KEY_STATE }) };
  }
  return postTo(target, READERS) ?? lookUpModels(target, "/api/v1/models", MODELS, modelOf);
}

const KEY_STATE = {
  label: "mock",
  usage: 0,
  limit: null,
  limit_remaining: null,
  is_free_tier: true,
};

function modelOf(id: string): object {
  return { id, name: id, created: 1_735_689_600, context_length: 128_000 };
}
