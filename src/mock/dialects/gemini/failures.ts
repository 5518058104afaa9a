/** Gemini's error bodies: which quota was violated and how long to wait stand in the details. */
import type { Failure, Reply } from "../../failure.ts";
import type { Refusal } from "../../limits/account.ts";
import type { Dimension } from "../../limits/limits.ts";
import {
  detail,
  errorInfo,
  googleReply,
  plainGoogleReply,
  protoDuration,
} from "../google/google-error.ts";

const SERVICE = "generativelanguage.googleapis.com";
const PAGE = "https://ai.google.dev/gemini-api/docs/rate-limits";
const MINUTE_MS = 60_000;

interface Quota {
  readonly metric: string;
  readonly id: string;
}

const REQUESTS = "generate_content_free_tier_requests";
const QUOTAS: Readonly<Partial<Record<Dimension, Quota>>> = {
  rpm: { metric: REQUESTS, id: "GenerateRequestsPerMinutePerProjectPerModel-FreeTier" },
  rpd: { metric: REQUESTS, id: "GenerateRequestsPerDayPerProjectPerModel-FreeTier" },
  tpm: {
    metric: "generate_content_free_tier_input_token_count",
    id: "GenerateContentInputTokensPerModelPerMinute-FreeTier",
  },
  max_parallel_requests: {
    metric: "generate_content_concurrent_requests",
    id: "ConcurrentRequestsPerProjectPerModel",
  },
};

export function geminiFailure(failure: Failure): Reply {
  switch (failure.kind) {
    case "unauthorized":
      return unauthorized(failure.key);
    case "unknown-path":
    case "wrong-method":
      return googleReply(404, "Requested entity was not found.");
    case "unknown-model":
      return googleReply(
        404,
        `models/${failure.model} is not found for API version v1beta, or is not supported for ` +
          "generateContent. Call ListModels to see the list of available models.",
      );
    case "bad-json":
      return googleReply(400, "Invalid JSON payload received. Unexpected token.");
    case "bad-request":
      return googleReply(400, failure.message);
    case "too-large":
      return googleReply(400, "Request payload size exceeds the limit: 33554432 bytes.");
    case "rate-limited":
      return rateLimited(failure.refusal, failure.model);
    case "not-ready":
    case "overloaded":
      return googleReply(503, "The model is overloaded. Please try again later.");
    case "out-of-credit":
      return googleReply(
        429,
        "Your prepayment credits are depleted. Please go to AI Studio at " +
          "https://ai.studio/projects to manage your project and billing.",
      );
    case "status":
      return plainGoogleReply(failure.status);
  }
}

/** Not 401: a wrong key is an invalid argument. */
function unauthorized(key: string | null): Reply {
  if (key === null) {
    return googleReply(403, "Method doesn't allow unregistered callers. Please use API Key.");
  }
  const info = errorInfo("API_KEY_INVALID", SERVICE);
  return googleReply(400, "API key not valid. Please pass a valid API key.", [info]);
}

function rateLimited(refusal: Refusal, model: string): Reply {
  const { dimension, limit, waitMs } = refusal;
  const quota = QUOTAS[dimension] ?? { metric: String(dimension), id: String(dimension) };
  const metric = `${SERVICE}/${quota.metric}`;
  const delayMs = toldDelay(refusal);
  const violation = {
    quotaMetric: metric,
    quotaId: quota.id,
    quotaDimensions: { location: "global", model },
    quotaValue: String(limit),
  };
  const links = [{ description: "Learn more about Gemini API quotas", url: PAGE }];
  const details = [detail("QuotaFailure", { violations: [violation] }), detail("Help", { links })];
  const said =
    "You exceeded your current quota, please check your plan and billing details. For more information " +
    `on this error, head to: ${PAGE}. \n* Quota exceeded for metric: ${metric}, limit: ${limit}, model: ${model}`;
  if (waitMs === null || delayMs === null) return googleReply(429, said, details);
  const retry = detail("RetryInfo", { retryDelay: protoDuration(delayMs) });
  return googleReply(429, `${said}\nPlease retry in ${protoDuration(delayMs)}.`, [
    ...details,
    retry,
  ]);
}

/** As of the real one, the delay beside a daily quota is that of the minute: whoever believes it comes too soon. */
function toldDelay({ dimension, waitMs }: Refusal): number | null {
  if (waitMs === null) return null;
  return dimension === "rpd" ? Math.max(1_000, waitMs % MINUTE_MS) : waitMs;
}
