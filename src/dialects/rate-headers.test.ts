import { describe, expect, test } from "vitest";
import { anthropic } from "./anthropic.ts";
import { clientDialectOf } from "./client-dialect.ts";
import { openai } from "./openai.ts";
import { rateHeaders } from "./rate-headers.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const requests = { limit: 600, remaining: 597.9, resetMs: 300 };
const tokens = { limit: 90_000, remaining: -5, resetMs: 360_000 };

describe("rate headers for clients", () => {
  test("of OpenAI are Go durations", () => {
    expect(rateHeaders("openai", { requests, tokens, inputTokens: tokens }, NOW)).toEqual({
      "x-ratelimit-limit-requests": "600",
      "x-ratelimit-remaining-requests": "597",
      "x-ratelimit-reset-requests": "300ms",
      "x-ratelimit-limit-tokens": "90000",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "6m0s",
    });
  });

  test("of Anthropic are moments, rounded up to the second", () => {
    expect(rateHeaders("anthropic", { requests, outputTokens: tokens }, NOW)).toEqual({
      "anthropic-ratelimit-requests-limit": "600",
      "anthropic-ratelimit-requests-remaining": "597",
      "anthropic-ratelimit-requests-reset": "2026-03-01T12:00:01Z",
      "anthropic-ratelimit-output-tokens-limit": "90000",
      "anthropic-ratelimit-output-tokens-remaining": "0",
      "anthropic-ratelimit-output-tokens-reset": "2026-03-01T12:06:00Z",
    });
  });

  test("read back in their own dialect", () => {
    const state = { limit: 90_000, remaining: 60_000, resetMs: 20_000 };
    expect(openai.limits(rateHeaders("openai", { tokens: state }, NOW), NOW)).toMatchObject([
      state,
    ]);
    expect(anthropic.limits(rateHeaders("anthropic", { tokens: state }, NOW), NOW)).toMatchObject([
      state,
    ]);
  });
});

test.each([
  ["/v1/messages", {}, "anthropic"],
  ["/v1/messages/count_tokens", {}, "anthropic"],
  ["/claude/v1/messages?beta=true", {}, "anthropic"],
  ["/v1/models", { "anthropic-version": "2023-06-01" }, "anthropic"],
  ["/v1/messages-archive", {}, "openai"],
  ["/v1/chat/completions", {}, "openai"],
])("a client of %s with %o speaks %s", (path, headers, dialect) => {
  expect(clientDialectOf(path, headers)).toBe(dialect);
});
