import { describe } from "vitest";
import { BILLING, check, fault, never, passing, quota } from "../../test/support/verdict-cases.ts";
import { anthropic } from "./anthropic.ts";
import { bedrock } from "./bedrock.ts";
import { cohere } from "./cohere.ts";
import { openai } from "./openai.ts";

describe("what providers with formats of their own answer", () => {
  const exception = (name: string) => ({
    "x-amzn-errortype": `${name}:http://internal.amazon.com/coral/com.amazon.bedrock/`,
  });
  check(bedrock, [
    {
      name: "tokens",
      status: 429,
      headers: exception("ThrottlingException"),
      body: { message: "Too many tokens, please wait." },
      expected: quota("tokens"),
    },
    {
      name: "requests",
      status: 429,
      headers: exception("ThrottlingException"),
      body: { message: "Too many requests, please wait." },
      expected: quota("requests"),
    },
    {
      name: "tokens of the day",
      status: 429,
      headers: exception("ThrottlingException"),
      body: { message: "Too many tokens per day, please wait." },
      expected: quota("tokens_per_day"),
    },
    {
      name: "the type in the body",
      status: 429,
      body: { __type: "ThrottlingException", message: "Too many requests" },
      expected: quota("requests"),
    },
    {
      name: "a model that is not ready",
      status: 429,
      headers: exception("ModelNotReadyException"),
      body: { message: "Not ready." },
      expected: passing("overload"),
    },
    {
      name: "a model that took too long",
      status: 408,
      headers: exception("ModelTimeoutException"),
      body: { message: "Slow." },
      expected: passing("timeout"),
    },
    {
      name: "a model that failed",
      status: 424,
      headers: exception("ModelErrorException"),
      body: { message: "Failed." },
      expected: passing("transient"),
    },
    {
      name: "a quota that only AWS can raise",
      status: 400,
      headers: exception("ServiceQuotaExceededException"),
      body: { message: "Exceeds the quota." },
      expected: never(null),
    },
    {
      name: "load",
      status: 503,
      headers: exception("ServiceUnavailableException"),
      body: { message: "Busy." },
      expected: passing("overload"),
    },
    {
      name: "its failure",
      status: 500,
      headers: exception("InternalServerException"),
      body: { message: "Failed." },
      expected: passing("transient"),
    },
    {
      name: "a model that wants a profile, whatever it says of retrying",
      status: 400,
      headers: exception("ValidationException"),
      body: {
        message:
          "Retry your request with the ID or ARN of an inference profile that contains this model.",
      },
      expected: fault("invalid_request"),
    },
    {
      name: "a long input",
      status: 400,
      headers: exception("ValidationException"),
      body: { message: "Input is too long for requested model." },
      expected: fault("context_length"),
    },
    {
      name: "no access",
      status: 403,
      headers: exception("AccessDeniedException"),
      body: { message: "You don't have access to the model." },
      expected: fault("auth"),
    },
    {
      name: "an unknown model",
      status: 404,
      headers: exception("ResourceNotFoundException"),
      body: { message: "No such model." },
      expected: fault("not_found"),
    },
    {
      name: "a throttle inside a stream",
      status: 200,
      headers: { ":message-type": "exception", ":exception-type": "throttlingException" },
      body: { message: "Too many tokens." },
      expected: quota("tokens"),
    },
    {
      name: "a failure inside a stream",
      status: 200,
      headers: { ":message-type": "exception", ":exception-type": "modelStreamErrorException" },
      body: { message: "Broke off." },
      expected: passing("transient"),
    },
  ]);

  check(cohere, [
    {
      name: "a trial's month",
      status: 429,
      body: {
        id: "i",
        message: "Your Trial key allows 1000 API calls / month.",
      },
      expected: quota("requests"),
    },
    {
      name: "an endpoint's minute",
      status: 429,
      headers: { "x-trial-endpoint-call-remaining": "7" },
      body: { message: "Please wait and try again later" },
      expected: quota("requests"),
    },
    {
      name: "a billing limit",
      status: 402,
      body: { message: "You have hit your monthly maximum dollar limit" },
      expected: BILLING,
    },
    {
      name: "a long input",
      status: 400,
      body: { message: "too many tokens: total number of tokens in the prompt cannot exceed 4081" },
      expected: fault("context_length"),
    },
    {
      name: "a wrong key",
      status: 401,
      body: { message: "invalid api token" },
      expected: fault("auth"),
    },
    {
      name: "a blocked key",
      status: 498,
      body: { message: "invalid token" },
      expected: fault("auth"),
    },
    {
      name: "a cancel",
      status: 499,
      body: { message: "request cancelled" },
      expected: passing("transient"),
    },
  ]);

  const anthropicError = (type: string, message: string, rest: object = {}) => ({
    type: "error",
    error: { type, message, ...rest },
  });
  check(anthropic, [
    {
      name: "output per minute",
      status: 429,
      headers: { "retry-after": "8" },
      body: anthropicError(
        "rate_limit_error",
        "This request would exceed the limit of 80,000 output tokens per minute.",
      ),
      expected: quota("output_tokens", 8_000),
    },
    {
      name: "a spend limit that was set",
      status: 429,
      body: anthropicError("rate_limit_error", "Limit.", {
        details: { error_code: "enforced_spend_limit_reached" },
      }),
      expected: BILLING,
    },
    {
      name: "a limit that was specified",
      status: 400,
      body: anthropicError(
        "invalid_request_error",
        "You have reached your specified API usage limits. You will regain access on 2026-05-01 at 00:00 UTC.",
      ),
      expected: BILLING,
    },
    {
      name: "a long context without the plan for it",
      status: 429,
      body: anthropicError(
        "rate_limit_error",
        "Extra usage is required for long context requests.",
      ),
      expected: BILLING,
    },
    {
      name: "overload under 500",
      status: 500,
      body: anthropicError("api_error", "Overloaded"),
      expected: passing("overload"),
    },
    {
      name: "a deadline",
      status: 504,
      body: anthropicError("timeout_error", "Timed out."),
      expected: passing("timeout"),
    },
    {
      name: "a conflict",
      status: 409,
      body: anthropicError("conflict_error", "Conflict."),
      expected: passing("transient"),
    },
    {
      name: "payment",
      status: 402,
      body: anthropicError("billing_error", "Pay."),
      expected: BILLING,
    },
    {
      name: "a long prompt",
      status: 400,
      body: anthropicError(
        "invalid_request_error",
        "prompt is too long: 210000 tokens > 200000 maximum",
      ),
      expected: fault("context_length"),
    },
    {
      name: "a subscription's window, hours away",
      status: 429,
      headers: { "retry-after": "13262", "anthropic-ratelimit-unified-status": "rejected" },
      body: anthropicError("rate_limit_error", "Rate limited"),
      expected: quota(null, 13_262_000),
    },
  ]);

  const openAiError = (message: string, type: string | null, code: string | null) => ({
    error: { message, type, param: null, code },
  });
  check(openai, [
    {
      name: "a burst",
      status: 429,
      body: openAiError("Slow down.", "requests", "rate_limit_exceeded"),
      expected: quota("requests"),
    },
    {
      name: "a hard limit under 400",
      status: 400,
      body: openAiError(
        "Billing hard limit has been reached",
        "invalid_request_error",
        "billing_hard_limit_reached",
      ),
      expected: BILLING,
    },
    {
      name: "a project's spend",
      status: 429,
      body: openAiError("The project has reached its spend limit.", "insufficient_quota", null),
      expected: BILLING,
    },
    {
      name: "a country",
      status: 403,
      body: openAiError(
        "Country, region, or territory not supported",
        "request_forbidden",
        "unsupported_country_region_territory",
      ),
      expected: fault("auth"),
    },
    {
      name: "a server's load",
      status: 503,
      body: openAiError("The engine is currently overloaded", "server_error", null),
      expected: passing("overload"),
    },
    {
      name: "images per minute",
      status: 429,
      body: openAiError(
        "Rate limit reached on images per min: Limit 5 / 1min. Please try again in 12s.",
        "images",
        "rate_limit_exceeded",
      ),
      expected: quota(null, 12_000),
    },
  ]);
});
