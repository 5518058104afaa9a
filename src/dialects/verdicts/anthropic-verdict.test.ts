import { describe, expect, test } from "vitest";
import type { Dialect } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { anthropic } from "../anthropic.ts";

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

const anthropicError = (type: string, message: string) => ({
  type: "error",
  error: { type, message },
});

describe("Anthropic", () => {
  const headers = {
    "anthropic-ratelimit-requests-limit": "5",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": "2026-03-01T12:00:07Z",
  };
  check(anthropic, [
    {
      name: "the message alone names the dimension",
      status: 429,
      headers: { "retry-after": "11" },
      body: anthropicError(
        "rate_limit_error",
        "This would exceed your limit of 8,000 output tokens per minute.",
      ),
      expected: quota("output_tokens", 11_000),
    },
    {
      name: "input tokens",
      status: 429,
      body: anthropicError(
        "rate_limit_error",
        "Over 20,000 input tokens per minute; reduce the maximum tokens.",
      ),
      expected: quota("input_tokens"),
    },
    {
      name: "connections",
      status: 429,
      body: anthropicError(
        "rate_limit_error",
        "Number of concurrent connections has exceeded your rate limit",
      ),
      expected: quota("concurrency"),
    },
    {
      name: "the spent limit's moment stands in",
      status: 429,
      headers,
      expected: quota("requests", 7_000),
    },
    {
      name: "a limit without name or wait",
      status: 429,
      body: anthropicError("rate_limit_error", "Try again later."),
      expected: quota(null),
    },
    {
      name: "a lock or conflict",
      status: 409,
      body: anthropicError("conflict_error", "Conflict"),
      expected: passing("transient"),
    },
    {
      name: "overload is its own status",
      status: 529,
      body: anthropicError("overloaded_error", "Overloaded"),
      expected: passing("overload"),
    },
    {
      name: "overload under 500",
      status: 500,
      body: anthropicError("api_error", "Overloaded"),
      expected: passing("overload"),
    },
    {
      name: "a failure",
      status: 500,
      body: anthropicError("api_error", "Internal server error"),
      expected: passing("transient"),
    },
    {
      name: "overload after 200",
      status: 200,
      body: `event: error\ndata: ${JSON.stringify(anthropicError("overloaded_error", "Overloaded"))}\n\n`,
      expected: passing("overload"),
    },
    {
      name: "an empty balance under 400",
      status: 400,
      body: anthropicError("invalid_request_error", "Your credit balance is too low."),
      expected: billing,
    },
    {
      name: "a spending cap under 429",
      status: 429,
      body: {
        type: "error",
        error: {
          type: "rate_limit_error",
          message: "Capped.",
          details: { error_code: "enforced_spend_limit_reached" },
        },
      },
      expected: billing,
    },
    {
      name: "an entitlement under 429",
      status: 429,
      body: anthropicError("rate_limit_error", "Extra usage is required for this."),
      expected: billing,
    },
    {
      name: "a limit that ends on a date",
      status: 400,
      body: anthropicError(
        "invalid_request_error",
        "You will regain access on 2026-04-01 at 00:00 UTC.",
      ),
      expected: billing,
    },
    {
      name: "a subscription out of credits, although it says retry",
      status: 429,
      headers: {
        "anthropic-ratelimit-unified-overage-disabled-reason": "out_of_credits",
        "x-should-retry": "true",
      },
      expected: billing,
    },
    {
      name: "a subscription's window that ends",
      status: 429,
      headers: {
        "anthropic-ratelimit-unified-status": "rejected",
        "anthropic-ratelimit-unified-reset": String(NOW / 1_000 + 90),
        "anthropic-ratelimit-unified-overage-disabled-reason": "out_of_credits",
      },
      expected: quota(null, 90_000),
    },
    {
      name: "too long a prompt",
      status: 400,
      body: anthropicError("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
      expected: fault("context_length"),
    },
    {
      name: "too many bytes",
      status: 413,
      body: { error: { type: "request_too_large", message: "Too big" } },
      expected: fault("invalid_request"),
    },
    {
      name: "a filtered answer",
      status: 400,
      body: anthropicError("invalid_request_error", "Output blocked by content filtering policy"),
      expected: fault("content_filter"),
    },
    {
      name: "a key without rights",
      status: 403,
      body: anthropicError("permission_error", "Not yours."),
      expected: fault("auth"),
    },
    {
      name: "a closed organization",
      status: 400,
      body: anthropicError("invalid_request_error", "This organization has been disabled."),
      expected: fault("auth"),
    },
    {
      name: "a timeout",
      status: 504,
      body: anthropicError("timeout_error", "Too slow."),
      expected: passing("timeout"),
    },
  ]);
});
