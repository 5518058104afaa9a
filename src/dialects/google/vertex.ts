/** Vertex AI: Gemini's and Anthropic's formats under one roof; shared capacity refuses with 429 though nobody is at a limit. */
import type { Usage } from "../../core/demand.ts";
import type { Dialect, JsonObject } from "../../core/dialect.ts";
import { anthropicForecast } from "../anthropic/forecast.ts";
import { createAnthropicStreamReader } from "../anthropic/stream.ts";
import { anthropicUsage } from "../anthropic/usage.ts";
import { isObject } from "../body/json-fields.ts";
import { rateLimitReadings } from "../hints/ratelimit-headers.ts";
import { openAiUsage } from "../openai/usage.ts";
import { settleByUsage, wholeInput } from "../settlement.ts";
import { readStreamError } from "../verdicts/read-verdict.ts";
import { readVerdictOrStream } from "../verdicts/stream-verdict.ts";
import type { VerdictRules } from "../verdicts/verdict-rules.ts";
import { gemini, geminiOperation } from "./gemini.ts";
import { GOOGLE_RULES } from "./rules.ts";
import { createGeminiStreamReader } from "./stream.ts";
import { geminiUsage } from "./usage.ts";

/** `publishers/anthropic/models/claude-x:rawPredict` takes and gives Anthropic's messages. */
const RAW_METHOD = /\/models\/([^/:]{1,256}):(rawPredict|streamRawPredict)$/;

const RULES: VerdictRules = {
  ...GOOGLE_RULES,
  readings: rateLimitReadings,
  prose: [
    // python-genai#2001: dynamic shared quota, far below anybody's own limit. A named quota says "Quota exceeded for".
    {
      class: "overload",
      pattern: /^\s*resource exhausted\b/,
      believedAt: (status) => status === 429,
    },
    ...(GOOGLE_RULES.prose ?? []),
  ],
};

export const vertex: Dialect = {
  ...gemini,
  name: "vertex",
  credentialHeader: { name: "authorization", prefix: "Bearer " },
  operation: (request) => {
    const [, model, method] = RAW_METHOD.exec(request.path) ?? [];
    if (model === undefined) return geminiOperation(request);
    return { kind: "generate", model, stream: method === "streamRawPredict", retrySafe: true };
  },
  forecast: (request, operation, guess) =>
    RAW_METHOD.test(request.path)
      ? anthropicForecast(request.body, operation, guess)
      : gemini.forecast(request, operation, guess),
  usage: (body) => (isObject(body) ? usageOf(body) : null),
  verdict: (response) => readVerdictOrStream(response, RULES, streamReader),
  streamReader,
  settle: (forecast, end) => settleByUsage(forecast, end, wholeInput),
};

function usageOf({ usageMetadata, usage }: JsonObject): Usage | null {
  const isClaude = isObject(usage) && usage["input_tokens"] !== undefined;
  return geminiUsage(usageMetadata) ?? (isClaude ? anthropicUsage(usage) : openAiUsage(usage));
}

/** Which of the two formats a stream has shows in its first event. */
function streamReader() {
  const readError = (error: unknown) => readStreamError(error, RULES);
  const ofGemini = createGeminiStreamReader(readError);
  const ofAnthropic = createAnthropicStreamReader(readError);
  let reader = ofGemini;
  return {
    read: (event: string, data: string) => {
      if (event === "message_start") reader = ofAnthropic;
      return reader.read(event, data);
    },
    usage: () => reader.usage(),
  };
}
