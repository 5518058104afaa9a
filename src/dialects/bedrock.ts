/** Amazon Bedrock: input + max_tokens taken at the start, output settled at the model's burndown rate; no rate headers. */
import { demandOf, type Usage } from "../core/demand.ts";
import type { Dialect, Forecast, JsonObject, Operation, RequestView } from "../core/dialect.ts";
import { anthropicForecast } from "./anthropic/forecast.ts";
import { anthropicUsage } from "./anthropic/usage.ts";
import { createBedrockStreamReader } from "./bedrock/stream.ts";
import { converseUsage } from "./bedrock/usage.ts";
import { countIn, isObject } from "./body/json-fields.ts";
import { isIdempotent, modelOf, postsTo } from "./body/request-path.ts";
import { openAiForecast } from "./openai/forecast.ts";
import { openAiUsage } from "./openai/usage.ts";
import { openAiOperation } from "./openai.ts";
import { settleByUsage, withoutCached } from "./settlement.ts";
import { readStreamError } from "./verdicts/read-verdict.ts";
import { readVerdictOrStream } from "./verdicts/stream-verdict.ts";
import { codeTable, type VerdictRules } from "./verdicts/verdict-rules.ts";

/** `/model/anthropic.claude-x/converse-stream`; the id may be an ARN, encoded. */
const METHOD =
  /\/model\/([^/]{1,2048})\/(invoke|converse|invoke-with-response-stream|converse-stream)$/;
/** Bedrock's own endpoint for OpenAI's API. */
const LIKE_OPENAI = ["/chat/completions"];
/** A model runs, but not before the answer. */
const LATER = ["/async-invoke", "/model-invocation-job"];
/** docs.aws, quotas-token-burndown: one token of output counts five with Claude from 3.7 on, and one with all others. */
const CLAUDE_RATE = 5;
const BURNS_FASTER = /claude-(?:3-7|(?:opus|sonnet|haiku|fable|mythos)-[4-9]|[4-9])/;
const LONGEST_MODEL_NAME = 256;

const RULES: VerdictRules = {
  readings: () => [],
  errorHeaders: [":exception-type", "x-amzn-errortype"],
  codes: codeTable({
    AccessDeniedException: "auth",
    ExpiredTokenException: "auth",
    InternalServerException: "transient",
    ModelErrorException: "transient",
    ModelStreamErrorException: "transient",
    ModelNotReadyException: "overload",
    ModelTimeoutException: "timeout",
    ResourceNotFoundException: "not_found",
    ServiceQuotaExceededException: { class: "quota", neverPasses: true },
    ServiceUnavailableException: "overload",
    ThrottlingException: "quota",
    UnrecognizedClientException: "auth",
  }),
};

export const bedrock: Dialect = {
  name: "bedrock",
  wireFormat: null,
  credentialHeader: { name: "authorization", prefix: "Bearer " },
  streamsUsageOnRequest: false,
  failsUnderSuccess: false,
  usageFields: ["usage"],
  operation,
  forecast: (request, operation, guess) =>
    postsTo(request, LIKE_OPENAI)
      ? openAiForecast(request.body, operation, guess)
      : bedrockForecast(request.body, operation, guess),
  limits: () => [],
  verdict: (response) => readVerdictOrStream(response, RULES, streamReader),
  usage: (body) => (isObject(body) ? bedrockUsage(body["usage"]) : null),
  streamReader,
  streamsFrames: true,
  // Input and cache writes count, cache reads do not, output by the model's rate.
  settle: (forecast, end) => settleByUsage(forecast, end, withoutCached),
};

function operation(request: RequestView): Operation {
  const [, id, method] = METHOD.exec(request.path) ?? [];
  if (id === undefined) {
    if (postsTo(request, LIKE_OPENAI)) return openAiOperation(request);
    const named = modelOf(request.path, request.body);
    const runsModel = postsTo(request, LATER);
    return {
      kind: "other",
      ...named,
      ...(runsModel && { runsModel }),
      stream: false,
      retrySafe: isIdempotent(request),
    };
  }
  return {
    kind: "generate",
    model: modelIn(id),
    isModelInPath: true,
    stream: method.endsWith("stream"),
    retrySafe: true,
  };
}

function modelIn(id: string): string | null {
  let name = id;
  try {
    name = decodeURIComponent(id);
  } catch {
    // A stray percent sign is part of the name.
  }
  return name.length <= LONGEST_MODEL_NAME ? name : null;
}

/** Converse and Claude's own format hold the same text; only the bound on output stands elsewhere. */
function bedrockForecast(body: JsonObject | null, operation: Operation, guess?: number): Forecast {
  const config = body?.["inferenceConfig"];
  const most = isObject(config) ? config["maxTokens"] : body?.["max_tokens"];
  const bounded = body === null ? null : { ...body, max_tokens: most };
  const forecast = anthropicForecast(bounded, operation, guess);
  if (operation.kind === "other") return forecast;
  const { inputTokens } = forecast.charged;
  const outputTokens = countIn(most) ?? forecast.charged.outputTokens;
  const tokens = inputTokens + outputTokens;
  return {
    charged: demandOf({ requests: 1, tokens, inputTokens, outputTokens }),
    expected: forecast.expected,
    outputRate: BURNS_FASTER.test(operation.model ?? "") ? CLAUDE_RATE : 1,
  };
}

/** Converse, Claude's or OpenAI's form: which one depends on the call. */
function bedrockUsage(usage: unknown): Usage | null {
  if (!isObject(usage)) return null;
  if ("inputTokens" in usage || "outputTokens" in usage) return converseUsage(usage);
  return "prompt_tokens" in usage ? openAiUsage(usage) : anthropicUsage(usage);
}

function streamReader() {
  return createBedrockStreamReader((error) => readStreamError(error, RULES));
}
