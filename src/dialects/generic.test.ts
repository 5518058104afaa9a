import { describe, expect, test } from "vitest";
import type { RequestView } from "../core/dialect.ts";
import { generic } from "./generic.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const limits = (headers: Record<string, string>) => generic.limits(headers, NOW);

describe("rate headers of any API", () => {
  test.each([
    ["30", 30_000],
    ["0.5", 500],
    [String(NOW / 1_000 + 45), 45_000],
    [String(NOW + 1_500), 1_500],
    ["Sun, 01 Mar 2026 12:01:00 GMT", 60_000],
    ["2026-03-01T12:00:09.5Z", 9_500],
    ["2m59.56s", 179_560],
    ["-1", null],
    ["never", null],
    ["500000000", null],
  ])("read a reset of %s", (reset, resetMs) => {
    const [reading] = limits({
      "x-ratelimit-limit": "100",
      "x-ratelimit-remaining": "7",
      "x-ratelimit-reset": reset,
    });
    expect(reading).toEqual({
      dimension: "requests",
      perMs: null,
      limit: 100,
      remaining: 7,
      resetMs,
      resetMeaning: "window",
      quantum: 1,
    });
  });

  test.each(["ratelimit", "x-ratelimit", "x-rate-limit"])(
    "are known under the name %s",
    (prefix) => {
      const [reading] = limits({
        [`${prefix}-limit`]: "10",
        [`${prefix}-remaining`]: "3",
        [`${prefix}-reset`]: "5",
      });
      expect(reading).toMatchObject({ limit: 10, remaining: 3, resetMs: 5_000 });
    },
  );

  test("name dimension and window in either order", () => {
    const readings = limits({
      "x-ratelimit-limit-minute": "60",
      "x-ratelimit-remaining-requests-day": "900",
      "x-ratelimit-limit-tokens-minute": "2000",
      "x-ratelimit-input-tokens-limit": "700",
    });
    expect(readings.map(({ dimension, perMs, limit }) => [dimension, perMs, limit])).toEqual([
      ["requests", 60_000, 60],
      ["requests", 86_400_000, null],
      ["tokens", 60_000, 2_000],
      ["input_tokens", null, 700],
    ]);
  });

  test("with words that are not known are left alone", () => {
    expect(
      limits({
        "x-ratelimit-used": "3",
        "x-ratelimit-resource": "search",
        "x-ratelimit-limit-bytes": "9",
      }),
    ).toEqual([]);
  });

  test("give the first value where a limit carries its policies", () => {
    const [reading] = limits({ "ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "40" });
    expect(reading).toMatchObject({ limit: 100, perMs: 60_000 });
  });

  test.each(["-1", "NaN", "unlimited", ""])("of %j tell nothing", (value) => {
    expect(
      limits({
        "x-ratelimit-limit": value,
        "x-ratelimit-remaining": value,
        "x-ratelimit-reset": "9",
      }),
    ).toEqual([]);
  });
});

describe("the IETF's RateLimit fields", () => {
  test("join each state with the policy of its name", () => {
    const readings = limits({
      "ratelimit-policy": '"burst";q=100;w=60, "daily";q=1000;w=86400',
      ratelimit: '"burst";r=50;t=30, "daily";r=0;t=3600',
    });
    expect(readings).toEqual([
      {
        dimension: "requests",
        perMs: 60_000,
        limit: 100,
        remaining: 50,
        resetMs: 30_000,
        resetMeaning: "window",
        quantum: 1,
      },
      {
        dimension: "requests",
        perMs: 86_400_000,
        limit: 1_000,
        remaining: 0,
        resetMs: 3_600_000,
        resetMeaning: "window",
        quantum: 1,
      },
    ]);
  });

  test("count what the quota unit says, and leave units alone that are no meter of ours", () => {
    const readings = limits({
      "ratelimit-policy": '"a";q=5;qu="concurrent-requests", "b";q=9;qu="content-bytes"',
    });
    expect(readings.map(({ dimension, limit }) => [dimension, limit])).toEqual([
      ["concurrency", 5],
    ]);
  });

  test("were a dictionary in older drafts", () => {
    const [reading] = limits({
      ratelimit: "limit=100, remaining=50, reset=5",
      "ratelimit-policy": "100;w=10",
    });
    expect(reading).toMatchObject({ limit: 100, remaining: 50, resetMs: 5_000, perMs: 10_000 });
  });

  test("are ignored when malformed, and the older headers hold", () => {
    const [reading] = limits({ ratelimit: '"open;r=1', "x-ratelimit-limit": "8" });
    expect(reading).toMatchObject({ limit: 8 });
  });
});

describe("generic calls", () => {
  const request = (
    method: string,
    path: string,
    body: RequestView["body"] = null,
  ): RequestView => ({
    method,
    path,
    headers: {},
    body,
    bodyBytes: 0,
  });
  const chat = {
    model: "m",
    messages: [{ role: "user", content: "x".repeat(400) }],
    max_tokens: 10,
  };

  test.each([
    {
      name: "a read",
      request: request("GET", "/contacts"),
      kind: "other",
      retrySafe: true,
      tokens: 0,
    },
    {
      name: "a write",
      request: request("POST", "/contacts", { a: 1 }),
      kind: "other",
      retrySafe: false,
      tokens: 0,
    },
    {
      name: "an LLM call by name and body",
      request: request("POST", "/v1/chat/completions", chat),
      kind: "generate",
      retrySafe: true,
      tokens: 100,
    },
    {
      name: "an LLM call by body only",
      request: request("POST", "/generate", chat),
      kind: "generate",
      retrySafe: false,
      tokens: 100,
    },
    {
      name: "messages that are no prompt",
      request: request("POST", "/messages", { messages: ["hi"] }),
      kind: "other",
      retrySafe: false,
      tokens: 0,
    },
  ])("$name is $kind, with $tokens tokens", ({ request, kind, retrySafe, tokens }) => {
    const operation = generic.operation(request);
    expect(operation).toMatchObject({ kind, retrySafe });
    expect(generic.forecast(request, operation).charged).toMatchObject({ requests: 1, tokens });
  });

  test("are charged as forecast once they were sent", () => {
    const view = request("POST", "/generate", chat);
    const forecast = generic.forecast(view, generic.operation(view));
    expect(generic.settle(forecast, { kind: "never-sent" })).toMatchObject({
      requests: 0,
      tokens: 0,
    });
    expect(generic.settle(forecast, { kind: "cut-off", usage: null, outputTokensSeen: 3 })).toEqual(
      forecast.charged,
    );
  });

  test("report usage in either of the two common forms", () => {
    expect(generic.usage({ usage: { prompt_tokens: 5, completion_tokens: 2 } })).toEqual({
      inputTokens: 5,
      outputTokens: 2,
      cachedInputTokens: 0,
    });
    expect(
      generic.usage({ usage: { input_tokens: 5, output_tokens: 2, cache_read_input_tokens: 3 } }),
    ).toEqual({ inputTokens: 8, outputTokens: 2, cachedInputTokens: 3 });
    expect(generic.usage({ data: [] })).toBeNull();
  });
});
