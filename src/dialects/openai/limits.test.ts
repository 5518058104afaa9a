import { describe, expect, test } from "vitest";
import { openai } from "../openai.ts";
import { periodOf } from "./limits.ts";

const limits = (headers: Record<string, string>) => openai.limits(headers, 0);

describe("OpenAI's rate headers", () => {
  test("are buckets, whose reset is the time until they are full", () => {
    const readings = limits({
      "x-ratelimit-limit-requests": "600",
      "x-ratelimit-remaining-requests": "597",
      "x-ratelimit-reset-requests": "300ms",
      "x-ratelimit-limit-tokens": "90000",
      "x-ratelimit-remaining-tokens": "60000",
      "x-ratelimit-reset-tokens": "20s",
    });
    const common = { perMs: 60_000, resetMeaning: "full", quantum: 1 };
    expect(readings).toEqual([
      { dimension: "requests", limit: 600, remaining: 597, resetMs: 300, ...common },
      { dimension: "tokens", limit: 90_000, remaining: 60_000, resetMs: 20_000, ...common },
    ]);
  });

  test("of a project are a token limit of their own", () => {
    const readings = limits({
      "x-ratelimit-limit-tokens": "90000",
      "x-ratelimit-limit-project-tokens": "50000",
    });
    expect(readings.map(({ dimension, limit }) => [dimension, limit])).toEqual([
      ["tokens", 90_000],
      ["tokens", 50_000],
    ]);
  });

  test.each([
    { why: "500 a minute", limit: 500, remaining: 499, resetMs: 120, perMs: 60_000 },
    {
      why: "two million tokens a day",
      limit: 2_000_000,
      remaining: 1_990_000,
      resetMs: 432_000,
      perMs: 86_400_000,
    },
    { why: "200 requests a day", limit: 200, remaining: 199, resetMs: 432_000, perMs: 86_400_000 },
    {
      why: "a reset that rounding has made coarse",
      limit: 30_000,
      remaining: 29_999,
      resetMs: 2,
      perMs: 60_000,
    },
    { why: "a window of ten seconds", limit: 20, remaining: 10, resetMs: 5_000, perMs: null },
    { why: "a full bucket tells no rate", limit: 500, remaining: 500, resetMs: 0, perMs: null },
    { why: "no reset", limit: 500, remaining: 400, resetMs: null, perMs: null },
  ])("tell the period by arithmetic: $why", ({ limit, remaining, resetMs, perMs }) => {
    expect(periodOf(limit, remaining, resetMs)).toBe(perMs);
  });

  test.each(["-1", "NaN", "", "many", "1e9"])("that say %j say nothing", (value) => {
    const headers = {
      "x-ratelimit-limit-tokens": value,
      "x-ratelimit-remaining-tokens": value,
      "x-ratelimit-reset-tokens": "0",
    };
    expect(limits(headers)).toEqual([]);
  });

  test("that are missing make no reading", () => {
    expect(limits({ "content-type": "application/json" })).toEqual([]);
  });

  test("of a server that only speaks the API are read in the common form", () => {
    const [reading] = limits({ "x-ratelimit-limit": "60", "x-ratelimit-remaining": "12" });
    expect(reading).toMatchObject({
      dimension: "requests",
      limit: 60,
      remaining: 12,
      resetMeaning: "window",
    });
  });
});
