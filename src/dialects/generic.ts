/** The generic dialect: any JSON API, by the standard headers and their common variants. */
import { type Demand, NO_DEMAND, type Usage } from "../core/demand.ts";
import type {
  CallEnd,
  Dialect,
  Forecast,
  HeaderView,
  LimitReading,
  Operation,
  RequestView,
} from "../core/dialect.ts";
import { anthropicUsage } from "./anthropic/usage.ts";
import { isObject } from "./body/json-fields.ts";
import { isIdempotent } from "./body/request-path.ts";
import { ietfReadings } from "./hints/ietf-limits.ts";
import { withAmounts } from "./hints/rate-reading.ts";
import { rateLimitReadings } from "./hints/ratelimit-headers.ts";
import { openAiForecast } from "./openai/forecast.ts";
import { createOpenAiStreamReader } from "./openai/stream.ts";
import { openAiUsage } from "./openai/usage.ts";
import { openAiOperation } from "./openai.ts";
import { readStreamError } from "./verdicts/read-verdict.ts";
import { readVerdictOrStream } from "./verdicts/stream-verdict.ts";
import type { VerdictRules } from "./verdicts/verdict-rules.ts";

/** Input that is counted in tokens comes under one of these names. */
const LIKE_OPENAI = ["messages", "input", "prompt"];
const RULES: VerdictRules = {
  readings: genericReadings,
  // GraphQL and the like report a caller's own mistakes under 200: those pass through.
  errorsInSuccess: new Set(["quota", "billing", "overload", "timeout"]),
  namingHeaders: ["x-amzn-errortype"],
};

export const generic: Dialect = {
  name: "generic",
  wireFormat: null,
  credentialHeader: { name: "authorization", prefix: "Bearer " },
  streamsUsageOnRequest: false,
  failsUnderSuccess: false,
  usageFields: ["usage"],
  operation,
  forecast: ({ body }, operation, guess, correctInput) =>
    openAiForecast(body, operation, guess, correctInput),
  limits: (headers, receivedAtMs) => withAmounts(genericReadings(headers, receivedAtMs)),
  verdict: (response) => readVerdictOrStream(response, RULES, streamReader),
  usage: (body) => (isObject(body) ? genericUsage(body["usage"]) : null),
  streamReader,
  settle: (forecast: Forecast, end: CallEnd): Demand =>
    end.kind === "never-sent" ? NO_DEMAND : forecast.charged,
};

/** What the standard fields tell; where a server sends none, what the older families do. */
function genericReadings(headers: HeaderView, receivedAtMs: number): readonly LimitReading[] {
  const standard = ietfReadings(headers);
  return standard.length > 0 ? standard : rateLimitReadings(headers, receivedAtMs);
}

/** What names a model and holds messages is counted as an LLM call; safe to repeat is only what is also called like one. */
function operation(request: RequestView): Operation {
  const like = openAiOperation(request);
  const isIdempotentCall = isIdempotent(request);
  if (like.model === null || isIdempotentCall) {
    return { ...like, kind: "other", retrySafe: isIdempotentCall };
  }
  const hasInput = LIKE_OPENAI.some((field) => request.body?.[field] !== undefined);
  if (like.kind !== "other" && hasInput) return like;
  const kind = Array.isArray(request.body?.["messages"]) ? "generate" : "other";
  return { ...like, kind, retrySafe: false };
}

function genericUsage(usage: unknown): Usage | null {
  const isAnthropic = isObject(usage) && "cache_read_input_tokens" in usage;
  return isAnthropic ? anthropicUsage(usage) : openAiUsage(usage);
}

function streamReader() {
  return createOpenAiStreamReader((error) => readStreamError(error, RULES));
}
