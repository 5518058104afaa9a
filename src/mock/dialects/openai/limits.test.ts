import { describe, expect, test } from "vitest";
import type { Refusal } from "../../limits/account.ts";
import { Bucket } from "../../limits/bucket.ts";
import type { MeterDimension } from "../../limits/limits.ts";
import { openaiFailure } from "./failures.ts";
import { goDuration } from "./go-duration.ts";
import { openaiRateHeaders } from "./headers.ts";

describe("Go durations", () => {
  test.each([
    [0, "0s"],
    [-5, "0s"],
    [0.2, "1ms"],
    [8, "8ms"],
    [120, "120ms"],
    [999.5, "1s"],
    [1_000, "1s"],
    [18_642, "18.642s"],
    [60_000, "1m0s"],
    [86_400, "1m26.4s"],
    [360_000, "6m0s"],
    [432_000, "7m12s"],
    [3_600_000, "1h0m0s"],
    [83_909_144, "23h18m29.144s"],
  ])("%d ms is %s", (ms, text) => {
    expect(goDuration(ms)).toBe(text);
  });
});

describe("rate headers", () => {
  function bucketOf(dimension: MeterDimension, capacity: number, used: number): Bucket {
    const bucket = new Bucket(dimension, dimension, capacity, false, 0);
    bucket.take(used, 0);
    return bucket;
  }

  test("show limit, what is left, and the time to full", () => {
    // The numbers of open-webui/open-webui#3743.
    expect(openaiRateHeaders([bucketOf("rpm", 500, 1), bucketOf("tpm", 30_000, 4)])).toEqual({
      "x-ratelimit-limit-requests": "500",
      "x-ratelimit-remaining-requests": "499",
      "x-ratelimit-reset-requests": "120ms",
      "x-ratelimit-limit-tokens": "30000",
      "x-ratelimit-remaining-tokens": "29996",
      "x-ratelimit-reset-tokens": "8ms",
    });
  });

  test("show the tightest of several, without saying which", () => {
    const headers = openaiRateHeaders([bucketOf("rpm", 500, 1), bucketOf("rpd", 1_000, 900)]);
    expect(headers).toEqual({
      "x-ratelimit-limit-requests": "1000",
      "x-ratelimit-remaining-requests": "100",
      "x-ratelimit-reset-requests": "21h36m0s",
    });
  });

  test("never show less than nothing", () => {
    expect(openaiRateHeaders([bucketOf("tpm", 600, 700)])).toMatchObject({
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "1m10s",
    });
  });
});

describe("refusals", () => {
  const refused = (refusal: Partial<Refusal>) =>
    openaiFailure({
      kind: "rate-limited",
      model: "gpt-4o",
      refusal: {
        dimension: "tpm",
        limit: 30_000,
        used: 29_937,
        requested: 385,
        waitMs: 644,
        ...refusal,
      },
    });

  test("read as OpenAI's do", () => {
    const reply = refused({});
    expect(reply.status).toBe(429);
    expect(reply.headers).toMatchObject({ "retry-after": "1", "retry-after-ms": "644" });
    expect(JSON.parse(reply.body)).toEqual({
      error: {
        message:
          "Rate limit reached for gpt-4o in organization org-mock on tokens per min (TPM): " +
          "Limit 30000, Used 29937, Requested 385. Please try again in 644ms. " +
          "Visit https://platform.openai.com/account/rate-limits to learn more.",
        type: "tokens",
        param: null,
        code: "rate_limit_exceeded",
      },
    });
  });

  test.each<[Partial<Refusal>, string, string]>([
    [
      { dimension: "rpm", limit: 3, used: 3, requested: 1 },
      "requests",
      "on requests per min (RPM): Limit 3, Used 3, Requested 1.",
    ],
    [
      { dimension: "rpd", limit: 3, used: 3, requested: 1 },
      "requests",
      "on requests per day (RPD):",
    ],
    [{ dimension: "tpd" }, "tokens", "on tokens per day (TPD):"],
    [
      { dimension: "max_parallel_requests", limit: 2, used: 2, requested: 1, waitMs: null },
      "requests",
      "on concurrent requests: Limit 2, Used 2, Requested 1. Please try again later.",
    ],
  ])("%o", (refusal, type, prose) => {
    const { error } = JSON.parse(refused(refusal).body);
    expect(error.type).toBe(type);
    expect(error.message).toContain(prose);
  });

  test("of what never fits say so, and give no time", () => {
    const reply = refused({ requested: 31_538, waitMs: null });
    expect(reply.headers).toEqual({ "content-type": "application/json" });
    expect(reply.body).toContain("Request too large for gpt-4o in organization org-mock");
    expect(reply.body).toContain(
      "Limit 30000, Requested 31538. The input or output tokens must be reduced",
    );
  });
});
