import { describe, expect, test } from "vitest";
import { NOW } from "../../test/support/verdict-cases.ts";
import type { LimitReading } from "../core/dialect.ts";
import { dialectNamed } from "./registry.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

type Told = readonly [
  dimension: LimitReading["dimension"],
  perMs: number | null,
  limit: number | null,
  remaining: number | null,
  resetMs: number | null,
  meaning: LimitReading["resetMeaning"],
];

interface Case {
  readonly dialect: string;
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly told: readonly Told[];
}

const CASES: readonly Case[] = [
  {
    dialect: "groq",
    name: "requests are per day, tokens per minute",
    headers: {
      "x-ratelimit-limit-requests": "14400",
      "x-ratelimit-remaining-requests": "14399",
      "x-ratelimit-reset-requests": "6s",
      "x-ratelimit-limit-tokens": "6000",
      "x-ratelimit-remaining-tokens": "5900",
      "x-ratelimit-reset-tokens": "1s",
    },
    told: [
      ["requests", DAY, 14_400, 14_399, 6_000, "full"],
      ["tokens", MINUTE, 6_000, 5_900, 1_000, "full"],
    ],
  },
  {
    dialect: "azure-openai",
    name: "-1 is unknown, and what -requests counts over is too",
    headers: {
      "x-ratelimit-limit-requests": "20",
      "x-ratelimit-remaining-requests": "19",
      "x-ratelimit-limit-tokens": "20000",
      "x-ratelimit-remaining-tokens": "-1",
      "x-ratelimit-reset-tokens": "0",
    },
    told: [["tokens", MINUTE, 20_000, null, null, "full"]],
  },
  {
    dialect: "cerebras",
    name: "dimension and window stand in the name",
    headers: {
      "x-ratelimit-limit-requests-minute": "30",
      "x-ratelimit-remaining-requests-minute": "29",
      "x-ratelimit-reset-requests-minute": "12.25",
      "x-ratelimit-limit-requests-day": "14400",
      "x-ratelimit-remaining-requests-day": "14000",
      "x-ratelimit-reset-requests-day": "33011.5",
      "x-ratelimit-limit-tokens-minute": "60000",
      "x-ratelimit-remaining-tokens-minute": "59000",
      "x-ratelimit-reset-tokens-minute": "12.25",
    },
    told: [
      ["requests", MINUTE, 30, 29, 12_250, "window"],
      ["requests", DAY, 14_400, 14_000, 33_011_500, "window"],
      ["tokens", MINUTE, 60_000, 59_000, 12_250, "window"],
    ],
  },
  {
    dialect: "fireworks",
    name: "prompt and generated tokens apart; what is served over the limit is a warning",
    headers: {
      "x-ratelimit-limit-requests": "600",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-limit-tokens-prompt": "900000",
      "x-ratelimit-remaining-tokens-generated": "80",
      "x-ratelimit-over-limit": "yes",
    },
    told: [
      ["requests", MINUTE, 600, 0, null, "window"],
      ["input_tokens", MINUTE, 900_000, null, null, "window"],
      ["output_tokens", MINUTE, null, 80, null, "window"],
    ],
  },
  {
    dialect: "mistral",
    name: "both generations of names",
    headers: {
      "x-ratelimit-limit-req-minute": "60",
      "x-ratelimit-remaining-req-minute": "59",
      "x-ratelimitbysize-limit-minute": "500000",
      "x-ratelimitbysize-remaining-minute": "499000",
      "ratelimitbysize-reset": "21",
    },
    told: [
      ["requests", MINUTE, 60, 59, null, "window"],
      ["tokens", MINUTE, 500_000, 499_000, 21_000, "window"],
    ],
  },
  {
    dialect: "together",
    name: "a reset alone is no limit",
    headers: { "x-ratelimit-reset": "7" },
    told: [],
  },
  {
    dialect: "hubspot",
    name: "ten seconds and the day",
    headers: {
      "x-hubspot-ratelimit-max": "190",
      "x-hubspot-ratelimit-remaining": "180",
      "x-hubspot-ratelimit-interval-milliseconds": "10000",
      "x-hubspot-ratelimit-daily": "650000",
      "x-hubspot-ratelimit-daily-remaining": "640000",
      "x-hubspot-ratelimit-secondly": "19",
    },
    told: [
      ["requests", 10_000, 190, 180, null, "rolling"],
      ["requests", DAY, 650_000, 640_000, null, "window"],
    ],
  },
  {
    dialect: "salesforce",
    name: "used over allowed, in one value",
    headers: { "sforce-limit-info": "api-usage=14990/15000; per-app-api-usage=17/250(appName=x)" },
    told: [["requests", DAY, 15_000, 10, null, "rolling"]],
  },
  {
    dialect: "salesforce",
    name: "more used than allowed leaves nothing",
    headers: { "sforce-limit-info": "api-usage=15020/15000" },
    told: [["requests", DAY, 15_000, 0, null, "rolling"]],
  },
  {
    dialect: "shopify",
    name: "a leaky bucket of twenty seconds",
    headers: { "x-shopify-shop-api-call-limit": "32/40" },
    told: [["requests", 20_000, 40, 8, 16_000, "full"]],
  },
  {
    dialect: "klaviyo",
    name: "the burst window comes first",
    headers: {
      "ratelimit-limit": "10, 10;w=1, 150;w=60",
      "ratelimit-remaining": "9",
      "ratelimit-reset": "1",
    },
    told: [["requests", 1_000, 10, 9, 1_000, "window"]],
  },
  {
    dialect: "github",
    name: "an hour",
    headers: {
      "x-ratelimit-limit": "5000",
      "x-ratelimit-remaining": "4987",
      "x-ratelimit-reset": String(NOW / 1_000 + 60),
      "x-ratelimit-used": "13",
      "x-ratelimit-resource": "core",
    },
    told: [["requests", HOUR, 5_000, 4_987, 60_000, "window"]],
  },
  {
    dialect: "github",
    name: "a minute for searches",
    headers: {
      "x-ratelimit-limit": "30",
      "x-ratelimit-remaining": "29",
      "x-ratelimit-resource": "search",
    },
    told: [["requests", MINUTE, 30, 29, null, "window"]],
  },
  {
    dialect: "meta",
    name: "percent of the application, by what is used most",
    headers: { "x-app-usage": '{"call_count":28,"total_time":25,"total_cputime":25}' },
    told: [["units:app-usage", HOUR, 100, 72, null, "full"]],
  },
  {
    dialect: "meta",
    name: "a hundred percent leave nothing",
    headers: { "x-app-usage": '{"call_count":100,"total_time":25,"total_cputime":25}' },
    told: [
      ["units:app-usage", HOUR, 100, 0, null, "full"],
      ["requests", HOUR, null, 0, null, "full"],
    ],
  },
  {
    dialect: "meta",
    name: "percent of a business use case tell no amounts",
    headers: { "x-business-use-case-usage": '{"1":[{"type":"ads_insights","call_count":28}]}' },
    told: [],
  },
  {
    dialect: "bedrock",
    name: "nothing, whatever a proxy in front adds",
    headers: { "x-ratelimit-limit-requests": "5" },
    told: [],
  },
];

describe("limits in headers", () => {
  test.each(CASES)("$dialect: $name", ({ dialect, headers, told }) => {
    const readings = dialectNamed(dialect)!.limits(headers, NOW);
    expect(
      readings.map((one) => [
        one.dimension,
        one.perMs,
        one.limit,
        one.remaining,
        one.resetMs,
        one.resetMeaning,
      ]),
    ).toEqual(told);
  });
});
