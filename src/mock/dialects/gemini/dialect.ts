/** Gemini: requests and tokens of input per minute, requests per day until midnight Pacific; nothing in headers. */
import { type MockDialect, NOTHING } from "../../dialect.ts";
import { fixed, SLIDING } from "../../limits/limits.ts";
import { bearerKey } from "../openai/dialect.ts";
import { geminiFailure } from "./failures.ts";
import { routeGemini } from "./routes.ts";

export const geminiDialect: MockDialect = {
  name: "gemini",
  // Waits of half a minute are seen at 10 and 15 a minute: windows, not buckets.
  meters: { rpm: SLIDING, tpm: SLIDING, rpd: fixed("America/Los_Angeles") },
  slotsCountAfterMs: 0,
  // ai.google.dev, rate limits: Gemini 2.5 Flash, free tier
  defaults: { rpm: 10, tpm: 250_000, rpd: 250 },
  // "failed 400 and 500 are not charged but count against quota"; what was refused for a limit does not.
  failureDemand: ({ kind }) => (kind === "rate-limited" ? NOTHING : { rpm: 1, rpd: 1 }),
  outputDimensions: [],
  requestIdHeader: null,
  requestId: (id) => id,
  processingHeader: null,
  route: routeGemini,
  keyOf(headers, query) {
    const key = headers["x-goog-api-key"] ?? query.get("key");
    return typeof key === "string" ? key : bearerKey(headers);
  },
  demandOf: ({ inputTokens }) => ({ rpm: 1, rpd: 1, tpm: inputTokens }),
  refundOf: () => NOTHING,
  rateHeaders: () => ({}),
  failureReply: geminiFailure,
};
