/** OpenAI's error bodies, in its own words. */
import { type Failure, jsonReply, type Reply } from "../../failure.ts";
import type { Refusal } from "../../limits/account.ts";
import type { Dimension } from "../../limits/limits.ts";
import { goDuration } from "./go-duration.ts";

const LIMITS_PAGE = "Visit https://platform.openai.com/account/rate-limits to learn more.";
const KEYS_PAGE = "You can find your API key at https://platform.openai.com/account/api-keys.";
const ORGANIZATION = "org-mock";

/** What limits are called in OpenAI's sentences. */
export const LIMIT_WORDS: Readonly<Partial<Record<Dimension, string>>> = {
  rpm: "requests per min (RPM)",
  rpd: "requests per day (RPD)",
  tpm: "tokens per min (TPM)",
  tpd: "tokens per day (TPD)",
  max_parallel_requests: "concurrent requests",
};

export function openaiFailure(failure: Failure): Reply {
  switch (failure.kind) {
    case "unauthorized":
      return unauthorized(failure.key);
    case "unknown-path":
      return openaiError(404, `Invalid URL (${failure.method} ${failure.path})`);
    case "wrong-method":
      return openaiError(405, `Not allowed to ${failure.method} on ${failure.path}.`, {
        code: "method_not_supported",
      });
    case "unknown-model":
      return openaiError(
        404,
        `The model \`${failure.model}\` does not exist or you do not have access to it.`,
        { code: "model_not_found" },
      );
    case "bad-json":
      return openaiError(400, "We could not parse the JSON body of your request.");
    case "bad-request":
      return openaiError(400, failure.message, { param: failure.param, code: failure.code });
    case "too-large":
      return openaiError(413, "Request body is too large. Maximum size is 32 MiB.", {
        code: "request_too_large",
      });
    case "rate-limited":
      return rateLimited(failure.refusal, failure.model);
    case "not-ready":
    case "overloaded":
      return openaiError(503, "The server is currently overloaded with other requests.", {
        type: "server_error",
      });
    case "out-of-credit":
      return openaiError(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        {
          type: "insufficient_quota",
          code: "insufficient_quota",
        },
      );
    case "status":
      return plainStatus(failure.status);
  }
}

/** The event's body of an error after status 200. */
export const OPENAI_STREAM_ERROR = {
  message: "The server had an error while processing your request. Sorry about that!",
  type: "server_error",
  param: null,
  code: null,
};

interface ErrorFields {
  readonly type?: string;
  readonly param?: string | null;
  readonly code?: string | null;
}

/** The reply of an error in OpenAI's form. */
export function openaiError(
  status: number,
  message: string,
  { type = "invalid_request_error", param = null, code = null }: ErrorFields = {},
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return jsonReply(status, { error: { message, type, param, code } }, headers);
}

function unauthorized(key: string | null): Reply {
  if (key === null) return openaiError(401, `You didn't provide an API key. ${KEYS_PAGE}`);
  const masked = `${key.slice(0, 4)}****${key.slice(-4)}`;
  return openaiError(401, `Incorrect API key provided: ${masked}. ${KEYS_PAGE}`, {
    code: "invalid_api_key",
  });
}

function rateLimited(refusal: Refusal, model: string): Reply {
  const { dimension, waitMs } = refusal;
  const fields = {
    type: dimension === "tpm" || dimension === "tpd" ? "tokens" : "requests",
    code: "rate_limit_exceeded",
  };
  return openaiError(
    429,
    refusalProse(refusal, model),
    fields,
    waitMs === null ? {} : waitHeaders(waitMs),
  );
}

function refusalProse(refusal: Refusal, model: string): string {
  const { dimension, limit, used, requested, waitMs } = refusal;
  const where = `for ${model} in organization ${ORGANIZATION} on ${LIMIT_WORDS[dimension]}`;
  if (requested > limit) {
    const remedy = "The input or output tokens must be reduced in order to run successfully.";
    return `Request too large ${where}: Limit ${limit}, Requested ${requested}. ${remedy} ${LIMITS_PAGE}`;
  }
  const wait = waitMs === null ? "later" : `in ${goDuration(waitMs)}`;
  const numbers = `Limit ${limit}, Used ${used}, Requested ${requested}`;
  return `Rate limit reached ${where}: ${numbers}. Please try again ${wait}. ${LIMITS_PAGE}`;
}

/** Retry-After in whole seconds and in milliseconds. */
export function waitHeaders(waitMs: number): Record<string, string> {
  return {
    "retry-after": String(Math.ceil(waitMs / 1_000)),
    "retry-after-ms": String(waitMs),
  };
}

function plainStatus(status: number): Reply {
  if (status === 429)
    return openaiError(429, "Slow down.", { type: "requests", code: "rate_limit_exceeded" });
  if (status >= 500)
    return openaiError(status, OPENAI_STREAM_ERROR.message, { type: "server_error" });
  return openaiError(status, `The request was refused with status ${status}.`);
}
