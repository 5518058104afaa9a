/** Groq: OpenAI's API; input and max_tokens are taken, and what was not used is given back. */
import type { Body, Call, Spent } from "../../answer/call.ts";
import { type MockDialect, NOTHING } from "../../dialect.ts";
import type { Demand } from "../../limits/grant.ts";
import { BUCKET } from "../../limits/limits.ts";
import { leastLeft } from "../../limits/meter.ts";
import { readChat } from "../openai/chat.ts";
import { bearerKey } from "../openai/dialect.ts";
import { rateTriplet } from "../openai/headers.ts";
import { readResponses } from "../openai/responses.ts";
import { lookUpModels, postTo } from "../openai/routes.ts";
import { GROQ_CHAT } from "./chat.ts";
import { groqFailure } from "./failures.ts";

const READERS = {
  "/openai/v1/chat/completions": (body: Body) => readChat(body, GROQ_CHAT),
  "/openai/v1/responses": readResponses,
};
const MODELS = ["llama-3.3-70b-versatile", "llama-3.1-8b-instant", "openai/gpt-oss-120b"];

export const groqDialect: MockDialect = {
  name: "groq",
  meters: { rpm: BUCKET, rpd: BUCKET, tpm: BUCKET, tpd: BUCKET },
  slotsCountAfterMs: 0,
  // console.groq.com/docs/rate-limits, free plan, llama-3.3-70b-versatile
  defaults: { rpm: 30, rpd: 1_000, tpm: 12_000, tpd: 100_000 },
  failureDemand: (failure) => (failure.kind === "rate-limited" ? NOTHING : ONE_REQUEST),
  outputDimensions: [],
  requestIdHeader: "x-groq-request-id",
  requestId: (id) => `req_${id}`,
  processingHeader: null,
  route: (target) =>
    postTo(target, READERS) ?? lookUpModels(target, "/openai/v1/models", MODELS, modelOf),
  keyOf: bearerKey,
  demandOf(call) {
    const tokens = takenBy(call);
    return { ...ONE_REQUEST, tpm: tokens, tpd: tokens };
  },
  refundOf,
  // "requests" are always those of the day, "tokens" those of the minute (the same page).
  rateHeaders: (meters) => ({
    ...rateTriplet("requests", leastLeft(meters, ["rpd"])),
    ...rateTriplet("tokens", leastLeft(meters, ["tpm"])),
  }),
  failureReply: groqFailure,
};

const ONE_REQUEST: Demand = { rpm: 1, rpd: 1 };

function takenBy({ inputTokens, maxOutputTokens }: Call): number {
  return Math.max(1, inputTokens + (maxOutputTokens ?? 0));
}

/** What came from the cache does not count. */
function refundOf(call: Call, { inputTokens, cachedTokens, outputTokens }: Spent): Demand {
  const left = takenBy(call) - (inputTokens - cachedTokens + outputTokens);
  return { tpm: left, tpd: left };
}

function modelOf(id: string): object {
  return { id, object: "model", created: 1_735_689_600, owned_by: "Mock", active: true };
}
