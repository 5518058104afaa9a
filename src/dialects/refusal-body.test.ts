import { describe, expect, test } from "vitest";
import { ERROR_STATUS, type ErrorCode, SluiceError } from "../core/errors.ts";
import { refusalBody, refusalHeaders } from "./refusal-body.ts";

const refusal = (code: ErrorCode, retryAfterMs: number | null = 1_500) =>
  new SluiceError(code, "Why.", { details: { meter: "tpm", limit: 100, retryAfterMs } });

describe("refusals", () => {
  test("have OpenAI's form", () => {
    expect(refusalBody("openai", refusal("max_wait_exceeded"))).toEqual({
      error: {
        message: "Why.",
        type: "rate_limit_error",
        param: null,
        code: "max_wait_exceeded",
        details: { meter: "tpm", limit: 100, retry_after_ms: 1_500 },
      },
    });
  });

  test("have Anthropic's form", () => {
    expect(refusalBody("anthropic", refusal("queue_full", null), "req_1")).toEqual({
      type: "error",
      error: {
        type: "api_error",
        message: "Why.",
        code: "queue_full",
        details: { meter: "tpm", limit: 100, retry_after_ms: null },
      },
      request_id: "req_1",
    });
  });

  test.each<[ErrorCode, string, string]>([
    ["tenant_quota_exhausted", "rate_limit_error", "rate_limit_error"],
    ["upstream_unavailable", "server_error", "api_error"],
    ["upstream_timeout", "server_error", "timeout_error"],
    ["body_too_large", "invalid_request_error", "request_too_large"],
    ["unauthorized", "authentication_error", "authentication_error"],
    ["forbidden", "permission_error", "permission_error"],
    ["model_not_found", "invalid_request_error", "not_found_error"],
    ["invalid_request", "invalid_request_error", "invalid_request_error"],
    ["client_timeout", "invalid_request_error", "timeout_error"],
  ])("%s is OpenAI's %s and Anthropic's %s", (code, openAiType, anthropicType) => {
    expect(refusalBody("openai", refusal(code))).toMatchObject({ error: { type: openAiType } });
    expect(refusalBody("anthropic", refusal(code))).toMatchObject({
      error: { type: anthropicType },
    });
  });

  test("never claim Anthropic's overload, which belongs to 529", () => {
    for (const code of Object.keys(ERROR_STATUS) as ErrorCode[]) {
      expect(JSON.stringify(refusalBody("anthropic", refusal(code)))).not.toContain("overloaded");
    }
  });

  test.each([
    {
      name: "a short wait",
      code: "queue_full",
      ms: 1_500.2,
      headers: { "retry-after": "2", "retry-after-ms": "1501" },
    },
    {
      name: "exactly a minute",
      code: "max_wait_exceeded",
      ms: 60_000,
      headers: { "retry-after": "60", "retry-after-ms": "60000" },
    },
    {
      name: "a long wait, which SDKs get wrong",
      code: "tenant_quota_exhausted",
      ms: 60_001,
      headers: { "retry-after": "61", "retry-after-ms": "60001", "x-should-retry": "false" },
    },
    { name: "an unknown wait", code: "upstream_unavailable", ms: null, headers: {} },
    {
      name: "what waiting does not mend",
      code: "demand_exceeds_limit",
      ms: 5_000,
      headers: { "x-should-retry": "false" },
    },
    {
      name: "a call that may have run",
      code: "upstream_error",
      ms: null,
      headers: { "x-should-retry": "false" },
    },
  ] as const)("steer the SDK's retries: $name", ({ code, ms, headers }) => {
    expect(refusalHeaders(refusal(code, ms))).toEqual(headers);
  });
});
