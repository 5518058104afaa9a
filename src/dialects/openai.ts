/** The OpenAI dialect: chat, responses, completions and embeddings, of OpenAI and of servers that speak its API. */
import type { Dialect, Operation, RequestView } from "../core/dialect.ts";
import { isObject } from "./body/json-fields.ts";
import { isIdempotent, modelOf, postsTo } from "./body/request-path.ts";
import { withAmounts } from "./hints/rate-reading.ts";
import { openAiForecast } from "./openai/forecast.ts";
import { openAiReadings } from "./openai/limits.ts";
import { createOpenAiStreamReader } from "./openai/stream.ts";
import { openAiUsage } from "./openai/usage.ts";
import { settleAsTaken } from "./settlement.ts";
import { readStreamError } from "./verdicts/read-verdict.ts";
import { readVerdictOrStream } from "./verdicts/stream-verdict.ts";
import type { VerdictRules } from "./verdicts/verdict-rules.ts";

const GENERATING = ["/completions", "/responses"];
const EMBEDDING = ["/embeddings"];
/** Calls that store nothing: twice costs twice, no more. */
const STATELESS = [
  "/moderations",
  "/images/generations",
  "/audio/speech",
  "/audio/transcriptions",
  "/audio/translations",
  "/responses/input_tokens",
];

/** Neither text nor vectors, but a model runs, now or later. */
const RUNNING = [
  "/audio/speech",
  "/audio/transcriptions",
  "/audio/translations",
  "/fine_tuning/jobs",
  "/images/edits",
  "/images/generations",
  "/images/variations",
  "/realtime/client_secrets",
  "/realtime/sessions",
  "/realtime/transcription_sessions",
  "/videos",
];

/** Their models stand in a file. */
const BATCHES = ["/batches"];

const RULES: VerdictRules = {
  readings: openAiReadings,
  // A conflict with another call (a lock): their SDKs repeat it.
  statuses: new Map([[409, "transient"]]),
  // At OpenAI these words mean an empty account; Gemini and DashScope say the same of a limit per minute.
  prose: [{ class: "billing", pattern: /exceeded your current quota, please check your plan/ }],
  // Azure names the limit that bound: `DeploymentRatelimit-Token`.
  namingHeaders: ["policy-id"],
};

export const openai: Dialect = {
  name: "openai",
  wireFormat: "openai",
  credentialHeader: { name: "authorization", prefix: "Bearer " },
  chargesReservedOutput: true,
  streamsUsageOnRequest: true,
  failsUnderSuccess: false,
  usageFields: ["usage"],
  operation: openAiOperation,
  forecast: ({ body }, operation, guess, correctInput) =>
    openAiForecast(body, operation, guess, correctInput),
  limits: (headers, receivedAtMs) => withAmounts(openAiReadings(headers, receivedAtMs)),
  verdict: (response) => readVerdictOrStream(response, RULES, streamReader),
  usage: (body) => (isObject(body) ? openAiUsage(body["usage"]) : null),
  streamReader,
  // max_tokens is taken at admission and not given back.
  settle: settleAsTaken,
};

export function openAiOperation(request: RequestView): Operation {
  const { body, path } = request;
  const named = modelOf(path, body);
  const stream = body?.["stream"] === true;
  if (postsTo(request, EMBEDDING)) {
    return { kind: "embed", ...named, stream: false, retrySafe: true };
  }
  if (postsTo(request, GENERATING)) {
    // A conversation keeps what each call adds to it.
    const retrySafe = body?.["conversation"] === undefined || body["conversation"] === null;
    return { kind: "generate", ...named, stream, retrySafe };
  }
  if (postsTo(request, BATCHES)) {
    return { kind: "other", model: null, runsModel: true, stream, retrySafe: false };
  }
  return {
    kind: "other",
    ...named,
    ...(postsTo(request, RUNNING) && { runsModel: true }),
    stream,
    retrySafe: isIdempotent(request) || postsTo(request, STATELESS),
  };
}

function streamReader() {
  return createOpenAiStreamReader((error) => readStreamError(error, RULES));
}
