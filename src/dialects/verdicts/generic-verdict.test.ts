import { describe, expect, test } from "vitest";
import type { Dialect } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { generic } from "../generic.ts";

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

describe("any API", () => {
  check(generic, [
    { name: "a throttle without a word", status: 429, expected: quota(null) },
    {
      name: "plain text",
      status: 429,
      body: "Too many requests, retry in 2 minutes",
      expected: quota("requests", 120_000),
    },
    {
      name: "a throttle under 403",
      status: 403,
      headers: {
        "x-ratelimit-limit": "60",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": String(NOW / 1_000 + 8),
      },
      body: { message: "API rate limit exceeded" },
      expected: quota("requests", 8_000),
    },
    {
      name: "a forbidden call under 403",
      status: 403,
      body: { error: "Forbidden" },
      expected: fault("auth"),
    },
    {
      name: "a throttle under 200",
      status: 200,
      headers: { "retry-after": "3" },
      body: { ok: false, error: "rate_limited" },
      expected: quota(null, 3_000),
    },
    {
      name: "a caller's mistake under 200 is its own business",
      status: 200,
      body: { errors: [{ message: "Unknown field" }] },
      expected: { class: "ok" },
    },
    {
      name: "a problem that names its policy",
      status: 429,
      headers: { "ratelimit-policy": '"d";q=9;w=86400', ratelimit: '"d";r=0;t=50' },
      body: { title: "Quota exceeded" },
      expected: quota("requests_per_day", 50_000),
    },
    {
      name: "a wait in a machine field",
      status: 429,
      body: { error: { details: [{ retryDelay: "1.5s" }] } },
      expected: quota(null, 1_500),
    },
    {
      name: "a wait in a number",
      status: 503,
      body: { error: "loading", estimated_time: 20.5 },
      expected: passing("overload", 20_500),
    },
    {
      name: "a moment in prose",
      status: 429,
      body: { message: "Your limit resets at 2026-03-01T12:00:30Z." },
      expected: quota(null, 30_000),
    },
    {
      name: "how long it took is no wait",
      status: 504,
      body: { message: "No answer after 60 seconds" },
      expected: passing("timeout"),
    },
    {
      name: "a limit of nothing",
      status: 429,
      body: { message: "Quota exceeded for input_tokens_per_minute, limit: 0" },
      expected: { class: "quota", dimension: "input_tokens", retryable: false },
    },
    {
      name: "a throttling code beats the words of billing",
      status: 429,
      body: { error: { type: "insufficient_quota", code: "Throttling.RateQuota" } },
      expected: { class: "quota", retryable: true },
    },
    {
      name: "rate headers inside the body",
      status: 429,
      body: {
        error: {
          message: "no",
          metadata: {
            headers: { "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": String(NOW + 4_000) },
          },
        },
      },
      expected: quota("requests", 4_000),
    },
    {
      name: "an echoed request is not read",
      status: 422,
      body: { detail: [{ msg: "field required", input: { message: "rate limit exceeded" } }] },
      expected: fault("invalid_request"),
    },
    {
      name: "a duplicate does not pass by waiting",
      status: 409,
      body: { message: "Contact already exists" },
      expected: fault("invalid_request"),
    },
    {
      name: "a lock does",
      status: 409,
      body: { error: { code: "lock_timeout" } },
      expected: { class: "transient", dimension: "concurrency", retryable: true },
    },
    { name: "money", status: 402, expected: billing },
    {
      name: "a batch that is too long",
      status: 400,
      body: { message: "Batch limit exceeded" },
      expected: fault("invalid_request"),
    },
    { name: "a redirect", status: 304, expected: { class: "ok" } },
    { name: "a status that is none", status: 999, expected: passing("transient") },
  ]);
});
