import { describe, expect, test } from "vitest";
import type { Dialect } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { openai } from "../openai.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

interface Case {
  readonly name: string;
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly expected: Partial<Verdict>;
}

function check(dialect: Dialect, cases: readonly Case[]): void {
  test.each(cases)("$name", ({ status, body = "", headers = {}, expected }) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const verdict = dialect.verdict({ status, headers, body: text, receivedAtMs: NOW });
    expect(verdict).toMatchObject(expected);
  });
}

const billing = {
  class: "billing",
  dimension: "spend",
  retryable: false,
  retryAfterMs: null,
} as const;
const fault = (verdictClass: Verdict["class"]) =>
  ({ class: verdictClass, dimension: null, retryable: false, retryAfterMs: null }) as const;
const passing = (verdictClass: Verdict["class"], retryAfterMs: number | null = null) =>
  ({ class: verdictClass, dimension: null, retryable: true, retryAfterMs }) as const;
const quota = (dimension: Verdict["dimension"], retryAfterMs: number | null = null) =>
  ({ class: "quota", dimension, retryable: true, retryAfterMs }) as const;

const openAiError = (message: string, type: string | null = null, code: string | null = null) => ({
  error: { message, type, param: null, code },
});
const limited = (text: string) =>
  openAiError(`Rate limit reached for m1 on ${text}`, "tokens", "rate_limit_exceeded");

describe("OpenAI", () => {
  check(openai, [
    {
      name: "a success waits for nothing, whatever its headers say",
      status: 200,
      headers: { "x-ratelimit-remaining-requests": "0", "retry-after": "9" },
      expected: { class: "ok", retryAfterMs: null },
    },
    {
      name: "the message names dimension and wait",
      status: 429,
      body: limited(
        "tokens per min (TPM): Limit 100, Used 90, Requested 20. Please try again in 6s.",
      ),
      expected: quota("tokens", 6_000),
    },
    {
      name: "a daily limit is one",
      status: 429,
      body: openAiError(
        "Limit on requests per day (RPD): Limit 50, Used 50, Requested 1. Please try again in 28m48s.",
        "requests",
        "rate_limit_exceeded",
      ),
      expected: quota("requests_per_day", 1_728_000),
    },
    {
      name: "a type alone names the dimension",
      status: 429,
      body: openAiError("Slow down.", "requests", "rate_limit_exceeded"),
      expected: quota("requests"),
    },
    {
      name: "too many at once are no matter of rate, whatever the type",
      status: 429,
      body: openAiError("Too many concurrent requests.", "requests", "rate_limit_exceeded"),
      expected: quota("concurrency"),
    },
    {
      name: "headers beat the message",
      status: 429,
      headers: { "retry-after-ms": "1500" },
      body: limited("tokens per min. Please try again in 6s."),
      expected: quota("tokens", 1_500),
    },
    {
      name: "the spent limit's reset stands in where nothing else does",
      status: 429,
      headers: {
        "x-ratelimit-limit-tokens": "6000",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "60s",
        "x-ratelimit-remaining-requests": "5",
      },
      expected: quota("tokens", 60_000),
    },
    {
      name: "a reset that came alone is the wait",
      status: 429,
      headers: { "x-rate-limit-reset-tokens": "12" },
      expected: quota("tokens", 12_000),
    },
    {
      name: "a policy header names the dimension",
      status: 429,
      headers: { "policy-id": "DeploymentRatelimit-Token", "retry-after": "3" },
      expected: quota("tokens", 3_000),
    },
    {
      name: "more than the limit can hold never fits",
      status: 429,
      body: limited("tokens per min (TPM): Limit 100, Requested 101."),
      expected: { class: "quota", dimension: "tokens", retryable: false, retryAfterMs: null },
    },
    {
      name: "a large request may also be 413",
      status: 413,
      body: openAiError(
        "Request too large for m1 on tokens per minute (TPM): Limit 10, Requested 20",
        "tokens",
        "rate_limit_exceeded",
      ),
      expected: { class: "quota", dimension: "tokens", retryable: false },
    },
    {
      name: "x-should-retry: false is obeyed",
      status: 429,
      headers: { "x-should-retry": "false", "retry-after": "3" },
      expected: { class: "quota", retryable: false, retryAfterMs: null },
    },
    {
      name: "an empty account is no quota",
      status: 429,
      body: openAiError("No quota.", "insufficient_quota", "insufficient_quota"),
      expected: billing,
    },
    {
      name: "an empty account without a code",
      status: 429,
      body: openAiError(
        "You exceeded your current quota, please check your plan and billing details.",
      ),
      expected: billing,
    },
    {
      name: "a billing link is no billing",
      status: 429,
      body: limited(
        "tokens per day (TPD). Please try again in 5s. Upgrade at https://example.com/billing",
      ),
      expected: quota("tokens_per_day", 5_000),
    },
    {
      name: "billing under 400",
      status: 400,
      body: openAiError("Stop.", "invalid_request_error", "billing_hard_limit_reached"),
      expected: billing,
    },
    {
      name: "overload under 400",
      status: 400,
      body: openAiError("Our servers are currently overloaded.", "invalid_request_error"),
      expected: passing("overload"),
    },
    {
      name: "overload under 429",
      status: 429,
      body: openAiError("We are experiencing high demand. Please retry after 20 seconds."),
      expected: passing("overload", 20_000),
    },
    {
      name: "a server's failure",
      status: 500,
      body: openAiError("The server had an error.", "server_error"),
      expected: passing("transient"),
    },
    {
      name: "503 of a proxy that did not reach it is not",
      status: 503,
      body: "upstream connect error, reset reason: connection failure",
      expected: passing("transient"),
    },
    {
      name: "a proxy's timeout",
      status: 524,
      body: "<!DOCTYPE html><title>524: A timeout occurred</title>",
      expected: passing("timeout"),
    },
    {
      name: "a wrong key, although it calls itself an invalid request",
      status: 401,
      body: openAiError("Wrong key.", "invalid_request_error", "invalid_api_key"),
      expected: fault("auth"),
    },
    {
      name: "a country",
      status: 403,
      body: openAiError("Not here.", null, "unsupported_country_region_territory"),
      expected: fault("auth"),
    },
    {
      name: "an unknown model",
      status: 404,
      body: openAiError("No such model.", "invalid_request_error", "model_not_found"),
      expected: fault("not_found"),
    },
    {
      name: "too long a prompt",
      status: 400,
      body: openAiError("Shorten it.", "invalid_request_error", "context_length_exceeded"),
      expected: fault("context_length"),
    },
    {
      name: "too long a prompt, in words",
      status: 400,
      body: { object: "error", message: "The maximum context length is 100 tokens.", code: 400 },
      expected: fault("context_length"),
    },
    {
      name: "a filtered prompt, although it says retry",
      status: 400,
      body: openAiError("Please modify your prompt and retry.", null, "content_filter"),
      expected: fault("content_filter"),
    },
    {
      name: "a bad request",
      status: 400,
      body: openAiError("Unknown parameter: 'x'.", "invalid_request_error", "unknown_parameter"),
      expected: fault("invalid_request"),
    },
    {
      name: "names that the request chose decide nothing",
      status: 400,
      body: openAiError(
        "Invalid schema for function 'rate_limit_check': \"billing_limit\" is bad.",
      ),
      expected: fault("invalid_request"),
    },
    {
      name: "an apostrophe quotes nothing",
      status: 429,
      body: openAiError("You've hit your project's spend limit, haven't you"),
      expected: billing,
    },
    {
      name: "a conflict can pass",
      status: 409,
      body: openAiError("Busy."),
      expected: passing("transient"),
    },
    {
      name: "a response that failed under 200",
      status: 200,
      body: { object: "response", status: "failed", error: { code: "server_error", message: "x" } },
      expected: passing("transient"),
    },
    {
      name: "a failed job that was only looked up",
      status: 200,
      body: {
        object: "response",
        status: "failed",
        background: true,
        error: { code: "server_error" },
      },
      expected: { class: "ok" },
    },
    {
      name: "no error is none",
      status: 200,
      body: { object: "response", status: "completed", error: null },
      expected: { class: "ok" },
    },
    {
      name: "a recorded stream's error",
      status: 200,
      body: 'data: {"choices":[]}\n\ndata: {"error":{"message":"wait","code":"rate_limit_exceeded"}}\n\n',
      expected: quota(null),
    },
    {
      name: "a recorded stream without error",
      status: 200,
      body: 'data: {"choices":[{"delta":{"content":"rate limit"}}]}\n\ndata: [DONE]\n\n',
      expected: { class: "ok" },
    },
    {
      name: "a doubly encoded message",
      status: 429,
      body: openAiError('{"error":{"message":"Please retry in 2s","status":"RESOURCE_EXHAUSTED"}}'),
      expected: quota(null, 2_000),
    },
    {
      name: "JSON that breaks off",
      status: 500,
      body: '{"error":{"message":"overl',
      expected: passing("transient"),
    },
  ]);
});
