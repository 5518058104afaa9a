/** Gemini (Google AI): limits per project and model; no rate headers, waits and limits stand in the error's details. */
import { demandOf, NO_DEMAND, type Usage } from "../../core/demand.ts";
import type { Dialect, Operation, RequestView } from "../../core/dialect.ts";
import { isObject } from "../body/json-fields.ts";
import { isIdempotent, modelOf, postsTo } from "../body/request-path.ts";
import { withAmounts } from "../hints/rate-reading.ts";
import { rateLimitReadings } from "../hints/ratelimit-headers.ts";
import { openAiForecast } from "../openai/forecast.ts";
import { openAiUsage } from "../openai/usage.ts";
import { openAiOperation } from "../openai.ts";
import { settleByUsage, wholeInput } from "../settlement.ts";
import { readStreamError } from "../verdicts/read-verdict.ts";
import { readVerdictOrStream } from "../verdicts/stream-verdict.ts";
import type { VerdictRules } from "../verdicts/verdict-rules.ts";
import { geminiForecast } from "./forecast.ts";
import { GOOGLE_RULES } from "./rules.ts";
import { createGeminiStreamReader } from "./stream.ts";
import { geminiUsage } from "./usage.ts";

/** The model and the method: `/models/gemini-x:generateContent`. */
const METHOD = /\/models\/([^/:]{1,256}):([A-Za-z]{1,40})$/;
const GENERATING = new Set(["generateContent", "streamGenerateContent", "predict"]);
const EMBEDDING = new Set(["embedContent", "batchEmbedContents"]);
/** The endpoint that speaks OpenAI's API. */
const LIKE_OPENAI = ["/chat/completions", "/embeddings"];

const RULES: VerdictRules = { ...GOOGLE_RULES, readings: rateLimitReadings };

export const gemini: Dialect = {
  name: "gemini",
  wireFormat: null,
  credentialHeader: { name: "x-goog-api-key", prefix: "" },
  credentialQuery: "key",
  streamsUsageOnRequest: false,
  failsUnderSuccess: false,
  usageFields: ["usageMetadata", "usage"],
  operation: geminiOperation,
  forecast: (request, operation, guess) =>
    (postsTo(request, LIKE_OPENAI) ? openAiForecast : geminiForecast)(
      request.body,
      operation,
      guess,
    ),
  limits: (headers, receivedAtMs) => withAmounts(rateLimitReadings(headers, receivedAtMs)),
  verdict: (response) => readVerdictOrStream(response, RULES, streamReader),
  usage: geminiBodyUsage,
  streamReader,
  /** Only input counts towards tokens; a call that fails with 400 or 500 counts towards the quota too. */
  settle: (forecast, end) => {
    if (end.kind === "never-sent") return NO_DEMAND;
    const isRefused = end.kind === "answered" && end.verdict.class === "quota";
    if (isRefused) return demandOf({ requests: forecast.charged.requests });
    const counted = settleByUsage(forecast, end, wholeInput);
    return { ...counted, tokens: counted.inputTokens };
  },
};

export function geminiOperation(request: RequestView): Operation {
  const [, named, method = ""] = METHOD.exec(request.path) ?? [];
  if (named === undefined) {
    if (postsTo(request, LIKE_OPENAI)) return openAiOperation(request);
    const named = modelOf(request.path, request.body);
    return { kind: "other", ...named, stream: false, retrySafe: isIdempotent(request) };
  }
  const inPath = { model: decoded(named), isModelInPath: true };
  if (GENERATING.has(method)) {
    return { kind: "generate", ...inPath, stream: method.startsWith("stream"), retrySafe: true };
  }
  const kind = EMBEDDING.has(method) ? "embed" : "other";
  const retrySafe = kind === "embed" || method === "countTokens" || isIdempotent(request);
  return { kind, ...inPath, runsModel: true, stream: false, retrySafe };
}

function geminiBodyUsage(body: unknown): Usage | null {
  if (!isObject(body)) return null;
  return geminiUsage(body["usageMetadata"]) ?? openAiUsage(body["usage"]);
}

function streamReader() {
  return createGeminiStreamReader((error) => readStreamError(error, RULES));
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
