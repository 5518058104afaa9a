/** Cohere: calls per minute by endpoint, and per month with a trial key; tokens are billed, not limited. */
import type { Dialect, Forecast, JsonObject, Operation, RequestView } from "../core/dialect.ts";
import { isObject } from "./body/json-fields.ts";
import { isIdempotent, modelOf, postsTo } from "./body/request-path.ts";
import { createCohereStreamReader } from "./cohere/stream.ts";
import { cohereUsage } from "./cohere/usage.ts";
import { withAmounts } from "./hints/rate-reading.ts";
import { rateLimitReadings } from "./hints/ratelimit-headers.ts";
import { openAiForecast } from "./openai/forecast.ts";
import { settleByUsage, wholeInput } from "./settlement.ts";
import { readStreamError } from "./verdicts/read-verdict.ts";
import { readVerdictOrStream } from "./verdicts/stream-verdict.ts";
import type { VerdictRules } from "./verdicts/verdict-rules.ts";

const GENERATING = ["/chat", "/generate", "/summarize", "/chat/completions"];
const EMBEDDING = ["/embed", "/rerank", "/classify", "/embeddings"];
const STATELESS = ["/tokenize", "/detokenize"];

/** `x-trial-endpoint-call-remaining` says nothing of the month, so it is read as no limit at all. */
const RULES: VerdictRules = {
  readings: rateLimitReadings,
  statuses: new Map([
    [498, "auth"],
    [499, "transient"],
  ]),
  quotaDimension: "requests",
};

export const cohere: Dialect = {
  name: "cohere",
  wireFormat: null,
  credentialHeader: { name: "authorization", prefix: "Bearer " },
  streamsUsageOnRequest: false,
  failsUnderSuccess: false,
  usageFields: ["usage", "meta"],
  operation,
  forecast: ({ body }, operation, guess) => forecast(body, operation, guess),
  limits: (headers, receivedAtMs) => withAmounts(rateLimitReadings(headers, receivedAtMs)),
  verdict: (response) => readVerdictOrStream(response, RULES, streamReader),
  usage: (body) => (isObject(body) ? cohereUsage(body["usage"] ?? body["meta"]) : null),
  streamReader,
  settle: (forecast, end) => settleByUsage(forecast, end, wholeInput),
};

function operation(request: RequestView): Operation {
  const named = modelOf(request.path, request.body);
  const stream = request.body?.["stream"] === true;
  if (postsTo(request, GENERATING)) return { kind: "generate", ...named, stream, retrySafe: true };
  if (postsTo(request, EMBEDDING))
    return { kind: "embed", ...named, stream: false, retrySafe: true };
  const retrySafe = isIdempotent(request) || postsTo(request, STATELESS);
  return { kind: "other", ...named, stream: false, retrySafe };
}

/** The text stands under other names than OpenAI's: message, chat_history, texts, query, documents. */
function forecast(body: JsonObject | null, operation: Operation, guess?: number): Forecast {
  if (body === null) return openAiForecast(body, operation, guess);
  const input = [body["message"], body["query"]].filter((one) => typeof one === "string");
  for (const field of ["texts", "documents", "inputs"]) {
    const list = body[field];
    if (Array.isArray(list)) input.push(...list);
  }
  const history = Array.isArray(body["chat_history"]) ? body["chat_history"] : [];
  const messages = Array.isArray(body["messages"]) ? body["messages"] : [];
  const earlier = history.map((turn) => ({ content: isObject(turn) ? turn["message"] : "" }));
  return openAiForecast({ ...body, input, messages: [...earlier, ...messages] }, operation, guess);
}

function streamReader() {
  return createCohereStreamReader((error) => readStreamError(error, RULES));
}
