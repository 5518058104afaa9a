/** The Anthropic dialect: messages, token counting and batches. */
import type { Dialect, HeaderView, Operation, RequestView, ResponseView } from "../core/dialect.ts";
import type { Verdict } from "../core/verdict/verdict.ts";
import { anthropicForecast } from "./anthropic/forecast.ts";
import { anthropicReadings } from "./anthropic/limits.ts";
import { createAnthropicStreamReader } from "./anthropic/stream.ts";
import { anthropicUsage } from "./anthropic/usage.ts";
import { isObject } from "./body/json-fields.ts";
import { isIdempotent, modelOf, postsTo } from "./body/request-path.ts";
import { wholeWaitMs } from "./hints/durations.ts";
import { headerOf } from "./hints/headers.ts";
import { withAmounts } from "./hints/rate-reading.ts";
import { parseWaitMs, referenceMs } from "./hints/timestamps.ts";
import { settleByUsage, withoutCached } from "./settlement.ts";
import { readStreamError } from "./verdicts/read-verdict.ts";
import { readVerdictOrStream } from "./verdicts/stream-verdict.ts";
import type { VerdictRules } from "./verdicts/verdict-rules.ts";

const GENERATING = ["/messages", "/complete"];
const STATELESS = ["/messages/count_tokens"];
const BATCHES = ["/messages/batches"];
const RULES: VerdictRules = {
  readings: anthropicReadings,
  // A conflict with another call (a lock): their SDKs repeat it.
  statuses: new Map([[409, "transient"]]),
};

export const anthropic: Dialect = {
  name: "anthropic",
  wireFormat: "anthropic",
  credentialHeader: { name: "x-api-key", prefix: "" },
  streamsUsageOnRequest: false,
  failsUnderSuccess: false,
  usageFields: ["usage"],
  operation,
  forecast: ({ body }, operation, guess, correctInput) =>
    anthropicForecast(body, operation, guess, correctInput),
  limits: (headers, receivedAtMs) => withAmounts(anthropicReadings(headers, receivedAtMs)),
  verdict,
  usage: (body) => (isObject(body) ? anthropicUsage(body["usage"]) : null),
  streamReader,
  // Output counts as it is produced, reads from the cache do not count.
  settle: (forecast, end) => settleByUsage(forecast, end, withoutCached),
};

function operation(request: RequestView): Operation {
  const named = modelOf(request.path, request.body);
  const stream = request.body?.["stream"] === true;
  if (postsTo(request, BATCHES)) return batch(stream);
  if (postsTo(request, GENERATING)) return { kind: "generate", ...named, stream, retrySafe: true };
  return {
    kind: "other",
    ...named,
    stream,
    retrySafe: isIdempotent(request) || postsTo(request, STATELESS),
  };
}

/** Each of its requests names a model of its own. */
function batch(stream: boolean): Operation {
  return { kind: "other", model: null, runsModel: true, stream, retrySafe: false };
}

function verdict(response: ResponseView): Verdict {
  const read = readVerdictOrStream(response, RULES, streamReader);
  return response.status === 429 && read.class === "quota" ? ofSubscription(response, read) : read;
}

/** Subscriptions (OAuth): the window that is spent has its reset in seconds since 1970; without one only money helps. */
function ofSubscription(response: ResponseView, read: Verdict): Verdict {
  const resetMs = subscriptionReset(response.headers, response.receivedAtMs);
  const reason = headerOf(response.headers, "anthropic-ratelimit-unified-overage-disabled-reason");
  if (resetMs === null && reason === "out_of_credits") {
    return { class: "billing", dimension: "spend", retryable: false, retryAfterMs: null };
  }
  if (!read.retryable || read.retryAfterMs !== null) return read;
  return { ...read, retryAfterMs: resetMs };
}

function subscriptionReset(headers: HeaderView, receivedAtMs: number): number | null {
  if (headerOf(headers, "anthropic-ratelimit-unified-status") !== "rejected") return null;
  const reset = headerOf(headers, "anthropic-ratelimit-unified-reset");
  const waitMs = reset === null ? null : parseWaitMs(reset, referenceMs(headers, receivedAtMs));
  return waitMs === null ? null : wholeWaitMs(waitMs);
}

function streamReader() {
  return createAnthropicStreamReader((error) => readStreamError(error, RULES));
}
