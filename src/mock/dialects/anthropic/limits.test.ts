import { describe, expect, test } from "vitest";
import type { Refusal } from "../../limits/account.ts";
import { Bucket } from "../../limits/bucket.ts";
import type { MeterDimension } from "../../limits/limits.ts";
import { anthropicFailure } from "./failures.ts";
import { anthropicRateHeaders, rfc3339 } from "./headers.ts";

const NOON = Date.UTC(2026, 0, 1, 12);

function bucketOf(dimension: MeterDimension, capacity: number, used: number): Bucket {
  const bucket = new Bucket(dimension, dimension, capacity, false, 0);
  bucket.take(used, 0);
  return bucket;
}

describe("rate headers", () => {
  test("show requests exactly, tokens in thousands, and when each is full again", () => {
    const buckets = [
      bucketOf("rpm", 50, 5),
      bucketOf("itpm", 20_000, 3_400),
      bucketOf("otpm", 8_000, 400),
    ];
    expect(anthropicRateHeaders(buckets, NOON)).toEqual({
      "anthropic-ratelimit-requests-limit": "50",
      "anthropic-ratelimit-requests-remaining": "45",
      "anthropic-ratelimit-requests-reset": "2026-01-01T12:00:06Z",
      "anthropic-ratelimit-input-tokens-limit": "20000",
      "anthropic-ratelimit-input-tokens-remaining": "17000",
      "anthropic-ratelimit-input-tokens-reset": "2026-01-01T12:00:11Z",
      "anthropic-ratelimit-output-tokens-limit": "8000",
      "anthropic-ratelimit-output-tokens-remaining": "8000",
      "anthropic-ratelimit-output-tokens-reset": "2026-01-01T12:00:03Z",
      "anthropic-ratelimit-tokens-limit": "28000",
      "anthropic-ratelimit-tokens-remaining": "24000",
      "anthropic-ratelimit-tokens-reset": "2026-01-01T12:00:11Z",
    });
  });

  test("show a limit on all tokens, when there is one, instead of the sum", () => {
    const headers = anthropicRateHeaders(
      [bucketOf("tpm", 6_000, 500), bucketOf("itpm", 5_000, 0)],
      NOON,
    );
    expect(headers).toMatchObject({ "anthropic-ratelimit-tokens-limit": "6000" });
  });

  test("only limits that are configured appear", () => {
    expect(Object.keys(anthropicRateHeaders([bucketOf("otpm", 5_000, 0)], NOON))).toEqual([
      "anthropic-ratelimit-output-tokens-limit",
      "anthropic-ratelimit-output-tokens-remaining",
      "anthropic-ratelimit-output-tokens-reset",
    ]);
  });

  test.each([
    { limit: 5_000, used: 4_600, remaining: "0" },
    { limit: 5_000, used: 4_500, remaining: "1000" },
    { limit: 5_400, used: 0, remaining: "5000" },
    { limit: 1_700, used: 0, remaining: "1700" },
    { limit: 400, used: 100, remaining: "300" },
    { limit: 5_000, used: 9_000, remaining: "0" },
  ])("$used used of $limit shows $remaining", ({ limit, used, remaining }) => {
    const headers = anthropicRateHeaders([bucketOf("itpm", limit, used)], NOON);
    expect(headers["anthropic-ratelimit-input-tokens-remaining"]).toBe(remaining);
  });

  test("points in time are rounded up", () => {
    expect(rfc3339(NOON + 1)).toBe("2026-01-01T12:00:01Z");
    expect(rfc3339(NOON)).toBe("2026-01-01T12:00:00Z");
  });
});

describe("refusals", () => {
  const refused = (refusal: Partial<Refusal>) =>
    anthropicFailure(
      {
        kind: "rate-limited",
        model: "claude-sonnet-4-5",
        refusal: {
          dimension: "itpm",
          limit: 20_000,
          used: 20_000,
          requested: 900,
          waitMs: 1_001,
          ...refusal,
        },
      },
      "req_1",
    );

  test("read as Anthropic's do, with whole seconds to wait", () => {
    const reply = refused({});
    expect(reply.status).toBe(429);
    expect(reply.headers).toMatchObject({ "retry-after": "2", "x-should-retry": "true" });
    expect(JSON.parse(reply.body)).toEqual({
      type: "error",
      error: {
        type: "rate_limit_error",
        message: expect.stringMatching(
          /^This request would exceed your organization's rate limit of 20,000 input tokens per minute \(org: /,
        ),
      },
      request_id: "req_1",
    });
  });

  test.each<[Partial<Refusal>, string]>([
    [{ dimension: "otpm", limit: 80_000 }, "rate limit of 80,000 output tokens per minute"],
    [{ dimension: "rpm", limit: 50 }, "rate limit of 50 requests per minute"],
    [{ dimension: "tpd", limit: 1_000_000 }, "rate limit of 1,000,000 tokens per day"],
    [
      { dimension: "max_parallel_requests" },
      "Number of concurrent connections has exceeded your rate limit.",
    ],
  ])("%o", (refusal, prose) => {
    expect(JSON.parse(refused(refusal).body).error.message).toContain(prose);
  });

  test("give no time where waiting does not tell", () => {
    expect(refused({ waitMs: null }).headers).not.toHaveProperty("retry-after");
  });
});
