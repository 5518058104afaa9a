import { describe } from "vitest";
import {
  BILLING,
  check,
  fault,
  NOW,
  never,
  OK,
  passing,
  quota,
} from "../../../test/support/verdict-cases.ts";
import { azureOpenAi } from "./azure-openai.ts";
import { cerebras } from "./cerebras.ts";
import { dashScope } from "./dashscope.ts";
import { deepseek } from "./deepseek.ts";
import { fireworks } from "./fireworks.ts";
import { groq } from "./groq.ts";
import { huggingFace } from "./huggingface.ts";
import { minimax } from "./minimax.ts";
import { mistral } from "./mistral.ts";
import { moonshot } from "./moonshot.ts";
import { nvidia } from "./nvidia.ts";
import { ollama } from "./ollama.ts";
import { openRouter } from "./openrouter.ts";
import { perplexity } from "./perplexity.ts";
import { together } from "./together.ts";
import { vllm } from "./vllm.ts";
import { xai } from "./xai.ts";
import { zai } from "./zai.ts";

const error = (message: string, type: string | null = null, code: unknown = null) => ({
  error: { message, type, param: null, code },
});

describe("what providers with OpenAI's API answer", () => {
  check(azureOpenAi, [
    {
      name: "a call rate limit is one of requests",
      status: 429,
      body: error(
        "Requests to the Embeddings_Create Operation went over the call rate limit of your tier. Please retry after 3 seconds.",
        null,
        "429",
      ),
      expected: quota("requests", 3_000),
    },
    {
      name: "a token rate limit in the later wording",
      status: 429,
      body: error(
        "Your requests to m1 for d1 in West Europe went over the token rate limit of your tier. Please retry after 12 seconds.",
        null,
        "RateLimitReached",
      ),
      expected: quota("tokens", 12_000),
    },
    {
      name: "limits of -1 and a reset of 0 tell nothing",
      status: 429,
      headers: {
        "x-ratelimit-limit-requests": "-1",
        "x-ratelimit-remaining-requests": "-1",
        "x-ratelimit-reset-requests": "0",
      },
      expected: quota(null),
    },
    {
      name: "milliseconds in its own header",
      status: 429,
      headers: { "x-ms-retry-after-ms": "270" },
      expected: quota(null, 270),
    },
    {
      name: "the gateway in front refuses a used-up quota with 403",
      status: 403,
      body: {
        statusCode: 403,
        message: "Out of call volume quota. Quota will be replenished in 1.02:03:04.",
      },
      expected: quota("requests", 93_784_000),
    },
    {
      name: "the gateway in front limits the rate",
      status: 429,
      body: { statusCode: 429, message: "Rate limit is exceeded. Try again in 17 seconds." },
      expected: quota(null, 17_000),
    },
    {
      name: "load is not the caller's limit",
      status: 429,
      body: error("The system is experiencing high demand. Please retry after 20 seconds."),
      expected: passing("overload", 20_000),
    },
    {
      name: "a deployment that does not exist",
      status: 404,
      body: error(
        "The API deployment for this resource does not exist.",
        null,
        "DeploymentNotFound",
      ),
      expected: fault("not_found"),
    },
    {
      name: "a filtered prompt",
      status: 400,
      body: {
        error: {
          message: "The prompt triggered the content management policy. Modify it and retry.",
          type: null,
          code: "content_filter",
          innererror: { code: "ResponsibleAIPolicyViolation" },
        },
      },
      expected: fault("content_filter"),
    },
    {
      name: "a wrong key",
      status: 401,
      body: error("Access denied due to invalid subscription key.", null, "401"),
      expected: fault("auth"),
    },
    {
      name: "an error in a stream",
      status: 200,
      body: `data: ${JSON.stringify(error("Rate limit is exceeded. Try again in 17 seconds."))}\n\n`,
      expected: quota(null, 17_000),
    },
  ]);

  check(groq, [
    {
      name: "tokens per day",
      status: 429,
      headers: { "retry-after": "412" },
      body: error(
        "Rate limit reached for model `m1` in organization `o1` on tokens per day (TPD): Limit 500000, Used 499000, Requested 3300. Please try again in 6m51.2s. Upgrade at https://example.com/settings/billing",
        "tokens",
        "rate_limit_exceeded",
      ),
      expected: quota("tokens_per_day", 412_000),
    },
    {
      name: "spent requests are the day's",
      status: 429,
      headers: {
        "x-ratelimit-limit-requests": "1000",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1m26.4s",
        "x-ratelimit-remaining-tokens": "5000",
      },
      expected: quota("requests_per_day", 86_400),
    },
    {
      name: "more than the limit never fits, whatever wait it names",
      status: 429,
      body: error(
        "The tokens per minute are spent: Limit 6000, Used 0, Requested 11059. Try again in 50.59s.",
        "tokens",
        "rate_limit_exceeded",
      ),
      expected: never("tokens"),
    },
    {
      name: "too large is 413",
      status: 413,
      body: error(
        "Request too large for model `m1` on tokens per minute (TPM): Limit 8000, Requested 9001, please reduce your message size and try again.",
        "tokens",
        "rate_limit_exceeded",
      ),
      expected: never("tokens"),
    },
    { name: "no flex capacity", status: 498, expected: passing("overload") },
    { name: "cancelled", status: 499, expected: passing("transient") },
    {
      name: "the model failed inside",
      status: 424,
      body: error("Failed dependency", "server_error"),
      expected: passing("transient"),
    },
  ]);

  check(together, [
    {
      name: "its reset header stands for Retry-After",
      status: 429,
      headers: { "x-ratelimit-reset": "7" },
      body: error("Limited to 9.0 queries per minute.", "credit_limit"),
      expected: quota("requests", 7_000),
    },
    {
      name: "a context that is too long is 403",
      status: 403,
      body: error("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193."),
      expected: fault("context_length"),
    },
    { name: "the month's spend", status: 402, body: error("Spend limit."), expected: BILLING },
    { name: "busy", status: 529, expected: passing("overload") },
    { name: "a gateway's timeout", status: 524, expected: passing("timeout") },
  ]);

  check(fireworks, [
    {
      name: "an error that is a text",
      status: 429,
      body: { error: "Too Many Requests", message: "Rate limit exceeded, please try again later" },
      expected: quota("requests"),
    },
    {
      name: "no first token in time is its load",
      status: 429,
      body: error("The engine didn't generate first token before the given deadline"),
      expected: passing("overload"),
    },
    {
      name: "a suspended account",
      status: 412,
      body: error("Account a1 is suspended.", "error", "PRECONDITION_FAILED"),
      expected: BILLING,
    },
    {
      name: "over the limit, yet served",
      status: 200,
      headers: { "x-ratelimit-over-limit": "yes", "x-ratelimit-remaining-requests": "0" },
      body: { id: "x", choices: [] },
      expected: OK,
    },
  ]);

  check(deepseek, [
    {
      name: "too many at once",
      status: 429,
      body: error("Rate limit reached.", "rate_limit_error"),
      expected: quota("concurrency"),
    },
    {
      name: "an empty balance under misleading codes",
      status: 402,
      body: error("Insufficient Balance", "unknown_error", "invalid_request_error"),
      expected: BILLING,
    },
    {
      name: "an error behind the blank lines of a long wait",
      status: 500,
      body: `\n\n\n${JSON.stringify(error("Server error", "server_error"))}`,
      expected: passing("transient"),
    },
    { name: "wrong parameters", status: 422, expected: fault("invalid_request") },
    { name: "busy", status: 503, body: error("Server overloaded"), expected: passing("overload") },
  ]);

  check(xai, [
    {
      name: "requests per second, actual over limit",
      status: 429,
      body: '"Too many requests for team t1 and model m1. Your team\'s rate limit is — Requests per Second (actual/limit): 9/8."',
      expected: quota("requests"),
    },
    {
      name: "spent credits under 429",
      status: 429,
      body: {
        code: "Some resource has been exhausted",
        error: "Team t1 used all available credits, or is at its monthly spending limit.",
      },
      expected: BILLING,
    },
    {
      name: "a wrong key",
      status: 400,
      body: {
        code: "Client specified an invalid argument",
        error: "Incorrect API key provided: k.",
      },
      expected: fault("auth"),
    },
  ]);

  check(openRouter, [
    {
      name: "limits inside the body, reset in epoch milliseconds",
      status: 429,
      body: {
        error: {
          message: "Rate limit exceeded: free-models-per-min.",
          code: 429,
          metadata: {
            headers: {
              "X-RateLimit-Limit": "20",
              "X-RateLimit-Remaining": "0",
              "X-RateLimit-Reset": String(NOW + 22_500),
            },
          },
        },
      },
      expected: quota("requests", 22_500),
    },
    {
      name: "the free tier's day",
      status: 429,
      body: {
        error: {
          message: "Daily limit reached.",
          code: 429,
          metadata: {
            limit_source: "openrouter_free_tier_daily",
            headers: { "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": String(NOW + 3_600_000) },
          },
        },
      },
      expected: quota("requests_per_day", 3_600_000),
    },
    {
      name: "the limit of the provider behind it",
      status: 429,
      body: {
        error: {
          message: "Provider returned error",
          code: 429,
          metadata: { raw: "m1 is temporarily rate-limited upstream. Please retry shortly." },
        },
      },
      expected: passing("overload"),
    },
    {
      name: "credits for fewer tokens",
      status: 402,
      body: {
        error: { message: "It takes more credits, or a smaller max_tokens.", code: 402 },
      },
      expected: BILLING,
    },
    {
      name: "a provider that broke off in mid-stream",
      status: 200,
      body: `: OPENROUTER PROCESSING\n\ndata: ${JSON.stringify({ id: "g", error: { code: 502, message: "Provider disconnected" }, choices: [{ delta: { content: "" }, finish_reason: "error" }] })}\n\n`,
      expected: passing("transient"),
    },
    { name: "no provider left", status: 503, expected: passing("overload") },
    {
      name: "flagged input",
      status: 403,
      body: {
        error: {
          code: 403,
          message: "m1 requires moderation. Your input was flagged.",
          metadata: { reasons: ["violence"] },
        },
      },
      expected: fault("content_filter"),
    },
  ]);

  check(perplexity, [
    { name: "nothing but the status", status: 429, expected: quota("requests") },
    {
      name: "a wait in the header",
      status: 429,
      headers: { "retry-after": "5" },
      body: error("Rate limit.", "rate_limit"),
      expected: quota("requests", 5_000),
    },
  ]);

  check(cerebras, [
    {
      name: "tokens per minute, in a flat body",
      status: 429,
      body: {
        message: "Tokens per minute limit exceeded - too many tokens processed.",
        type: "too_many_tokens_error",
        param: "quota",
        code: "token_quota_exceeded",
      },
      expected: quota("tokens"),
    },
    {
      name: "tokens per day under the same code",
      status: 429,
      body: {
        message: "Tokens per day limit exceeded - too many tokens processed.",
        type: "too_many_tokens_error",
        code: "token_quota_exceeded",
      },
      expected: quota("tokens_per_day"),
    },
    {
      name: "a full queue",
      status: 429,
      body: {
        message: "We're experiencing high traffic right now! Please try again soon.",
        type: "too_many_requests_error",
        param: "queue",
        code: "queue_exceeded",
      },
      expected: passing("overload"),
    },
    {
      name: "the day's requests are spent",
      status: 429,
      headers: {
        "x-ratelimit-limit-requests-day": "1000",
        "x-ratelimit-remaining-requests-day": "0",
        "x-ratelimit-reset-requests-day": "33011.382",
        "x-ratelimit-remaining-tokens-minute": "60000",
      },
      expected: quota("requests_per_day", 33_011_382),
    },
  ]);

  check(nvidia, [
    {
      name: "status and title only",
      status: 429,
      body: { status: 429, title: "Too Many Requests" },
      expected: quota("requests"),
    },
    {
      name: "a full worker",
      status: 429,
      body: error("ResourceExhausted: Worker local total request limit reached (17/16)"),
      expected: passing("overload"),
    },
    { name: "an answer to be fetched later", status: 202, body: "", expected: OK },
  ]);

  check(vllm, [
    {
      name: "a long context in the nested form",
      status: 400,
      body: {
        error: {
          message:
            "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
          type: "BadRequestError",
          code: 400,
        },
      },
      expected: fault("context_length"),
    },
    {
      name: "the proxy in front found no server",
      status: 502,
      body: "<html><head><title>502 Bad Gateway</title></head></html>",
      expected: passing("transient"),
    },
    {
      name: "an unknown model",
      status: 404,
      body: {
        object: "error",
        message: "The model `m9` does not exist.",
        type: "NotFoundError",
        code: 404,
      },
      expected: fault("not_found"),
    },
  ]);

  check(mistral, [
    {
      name: "its capacity under 429",
      status: 429,
      body: {
        object: "error",
        message: "Service tier capacity exceeded for this model.",
        type: "invalid_request_error",
        code: null,
      },
      expected: passing("overload"),
    },
    {
      name: "its capacity by code",
      status: 429,
      body: {
        object: "error",
        message: "Busy.",
        type: "service_tier_capacity_exceeded",
        code: "3505",
      },
      expected: passing("overload"),
    },
    {
      name: "the caller's rate by code",
      status: 429,
      body: { object: "error", message: "Rate limit exceeded", type: "rate_limited", code: "1300" },
      expected: quota(null),
    },
    {
      name: "a validation error",
      status: 422,
      body: {
        object: "error",
        message: { detail: [{ type: "missing", loc: ["body"] }] },
        type: "invalid_request_error",
      },
      expected: fault("invalid_request"),
    },
  ]);

  check(moonshot, [
    {
      name: "requests per minute",
      status: 429,
      body: error(
        "Your account o1 request reached organization max RPM: 3, please try again after 1 seconds",
        "rate_limit_reached_error",
      ),
      expected: quota("requests", 1_000),
    },
    {
      name: "too many at once",
      status: 429,
      body: error(
        "Your account o1 request reached organization max concurrency: 1, please try again after 1 seconds",
        "rate_limit_reached_error",
      ),
      expected: quota("concurrency", 1_000),
    },
    {
      name: "tokens per day",
      status: 429,
      body: error(
        "Your account o1 reached TPD rate limit, current: 9, limit: 9",
        "rate_limit_reached_error",
      ),
      expected: quota("tokens_per_day"),
    },
    {
      name: "an empty account",
      status: 429,
      body: error(
        "You exceeded your current token quota: 0, please check your account balance",
        "exceeded_current_quota_error",
      ),
      expected: BILLING,
    },
    {
      name: "a busy engine",
      status: 429,
      body: error("Busy.", "engine_overloaded_error"),
      expected: passing("overload"),
    },
  ]);

  check(zai, [
    { name: "no balance", status: 429, body: error("Recharge.", null, "1113"), expected: BILLING },
    {
      name: "a rate",
      status: 429,
      body: error("Rate limit reached for requests", null, "1302"),
      expected: quota("requests"),
    },
    {
      name: "too much at once",
      status: 429,
      body: error("High concurrency usage of this API, please reduce concurrency", null, "1302"),
      expected: quota("concurrency"),
    },
    {
      name: "its own load",
      status: 429,
      body: error("Please try again later", null, "1305"),
      expected: passing("overload"),
    },
    {
      name: "a usage limit with the moment at which it ends",
      status: 429,
      body: error(
        "Usage limit reached for 5 hour. Your limit will reset at 2026-03-01 14:00:00",
        null,
        "1308",
      ),
      expected: quota(null, 7_200_000),
    },
    {
      name: "a plan that ended",
      status: 429,
      body: error("Expired.", null, "1309"),
      expected: BILLING,
    },
    {
      name: "an unknown model",
      status: 400,
      body: error("Unknown.", null, "1211"),
      expected: fault("not_found"),
    },
    {
      name: "the code as the type, on the Anthropic endpoint",
      status: 429,
      body: { type: "error", error: { type: "1302", message: "Slow down" } },
      expected: quota(null),
    },
  ]);

  const base = (code: number, message: string) => ({
    base_resp: { status_code: code, status_msg: message },
  });
  check(minimax, [
    {
      name: "a success has a status too",
      status: 200,
      body: { ...base(0, ""), choices: [] },
      expected: OK,
    },
    {
      name: "a rate under 200",
      status: 200,
      body: base(1002, "rate limit"),
      expected: quota("requests"),
    },
    {
      name: "tokens under 200",
      status: 200,
      body: base(1039, "token limit"),
      expected: quota("tokens"),
    },
    { name: "no balance under 200", status: 200, body: base(1008, "no"), expected: BILLING },
    {
      name: "a wrong key under 200",
      status: 200,
      body: base(1004, "login fail"),
      expected: fault("auth"),
    },
    {
      name: "its failure under 200",
      status: 200,
      body: base(1000, "unknown"),
      expected: passing("transient"),
    },
    {
      name: "a timeout under 200",
      status: 200,
      body: base(1001, "timeout"),
      expected: passing("timeout"),
    },
    {
      name: "wrong parameters under 200",
      status: 200,
      body: base(2013, "invalid params"),
      expected: fault("invalid_request"),
    },
  ]);

  check(dashScope, [
    {
      name: "the requests' throttle",
      status: 429,
      body: {
        code: "Throttling.RateQuota",
        message: "Requests rate limit exceeded, please try again later.",
      },
      expected: quota("requests"),
    },
    {
      name: "OpenAI's words for an empty account",
      status: 429,
      body: error(
        "You exceeded your current quota; look at your plan and billing.",
        "insufficient_quota",
        "insufficient_quota",
      ),
      expected: quota("tokens"),
    },
    {
      name: "arrears under 400",
      status: 400,
      body: error(
        "Access denied, please make sure your account is in good standing.",
        "Arrearage",
        "Arrearage",
      ),
      expected: BILLING,
    },
    {
      name: "a free tier that is used up",
      status: 403,
      body: error(
        "The free tier of the model has been exhausted.",
        "AllocationQuota.FreeTierOnly",
        "AllocationQuota.FreeTierOnly",
      ),
      expected: BILLING,
    },
    {
      name: "inspected data",
      status: 400,
      body: error(
        "Input data may contain inappropriate content.",
        "data_inspection_failed",
        "data_inspection_failed",
      ),
      expected: fault("content_filter"),
    },
    {
      name: "a long input",
      status: 400,
      body: error(
        "Range of input length should be [1, 30720]",
        "invalid_request_error",
        "invalid_parameter_error",
      ),
      expected: fault("context_length"),
    },
    {
      name: "a timeout under 500",
      status: 500,
      body: { code: "RequestTimeOut", message: "Request timed out, please try again later." },
      expected: passing("timeout"),
    },
  ]);

  check(minimax, [
    {
      name: "a stream that failed",
      status: 200,
      body: `data: ${JSON.stringify({ object: "chat.completion", usage: { total_tokens: 0 }, ...base(1039, "token limit") })}\n\n`,
      expected: quota("tokens"),
    },
  ]);
  check(groq, [
    {
      name: "more than the limit, by an estimate",
      status: 429,
      body: error(
        "The tokens per minute are spent: Limit 7000, Used 0, Requested ~12903. Try again in 50.5s.",
        "tokens",
        "rate_limit_exceeded",
      ),
      expected: never("tokens"),
    },
  ]);
  check(together, [
    {
      name: "a long context by another status",
      status: 422,
      body: error(
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 3999",
      ),
      expected: fault("context_length"),
    },
  ]);
  check(mistral, [
    {
      name: "a field too much, which is no forbidden thing",
      status: 422,
      body: {
        detail: [
          { type: "extra_forbidden", loc: ["body", "x"], msg: "Extra inputs are not permitted" },
        ],
      },
      expected: fault("invalid_request"),
    },
  ]);
  check(moonshot, [
    {
      name: "a long context",
      status: 400,
      body: error(
        "Invalid request: Your request exceeded model token limit: 8192",
        "invalid_request_error",
      ),
      expected: fault("context_length"),
    },
  ]);
  check(openRouter, [
    {
      name: "tokens that nobody paid for",
      status: 402,
      body: {
        error: {
          message: "Prompt tokens limit exceeded: 23229 > 14796. To increase, visit the settings.",
          code: 402,
        },
      },
      expected: BILLING,
    },
  ]);
  check(huggingFace, [
    {
      name: "a model that is loading",
      status: 503,
      body: { error: "Model a/b is currently loading", estimated_time: 12.5 },
      expected: passing("overload", 12_500),
    },
    {
      name: "the month's credits",
      status: 402,
      body: { error: "You have exceeded your monthly included credits." },
      expected: BILLING,
    },
    {
      name: "a free tier's limit",
      status: 429,
      body: { error: "Rate limit reached. Please log in or use a HF access token" },
      expected: quota(null),
    },
  ]);

  check(ollama, [
    {
      name: "a session's use",
      status: 429,
      body: '"u1: the session usage limit is reached, wait or upgrade"',
      expected: quota(null),
    },
    {
      name: "a week's use",
      status: 429,
      body: { error: "you have reached your weekly usage limit" },
      expected: quota(null),
    },
    {
      name: "a full queue",
      status: 503,
      body: { error: "server busy, please try again. maximum pending requests exceeded" },
      expected: passing("overload"),
    },
    {
      name: "a model that was never pulled",
      status: 404,
      body: { error: "model 'm1' not found" },
      expected: fault("not_found"),
    },
  ]);
});
