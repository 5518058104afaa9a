import { describe } from "vitest";
import {
  BILLING,
  check,
  fault,
  never,
  OK,
  passing,
  quota,
} from "../../../test/support/verdict-cases.ts";
import { ga4 } from "./ga4.ts";
import { gemini } from "./gemini.ts";
import { googleAds } from "./google-ads.ts";
import { vertex } from "./vertex.ts";

const RPC = "type.googleapis.com/google.rpc";

function error(code: number, status: string, message: string, ...details: readonly object[]) {
  return { error: { code, message, status, ...(details.length > 0 ? { details } : {}) } };
}

const exhausted = (message: string, ...details: readonly object[]) =>
  error(429, "RESOURCE_EXHAUSTED", message, ...details);
const violations = (...list: readonly object[]) => ({
  "@type": `${RPC}.QuotaFailure`,
  violations: list,
});
const retryInfo = (retryDelay: unknown) => ({ "@type": `${RPC}.RetryInfo`, retryDelay });
const reason = (text: string) => ({ "@type": `${RPC}.ErrorInfo`, reason: text });
const PLAN = "You exceeded your current quota; look at your plan and billing.";
const METRIC = "generativelanguage.googleapis.com/generate_content_free_tier";
const PER_MINUTE = {
  quotaMetric: `${METRIC}_requests`,
  quotaId: "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
  quotaValue: "10",
};
const PER_DAY = {
  quotaMetric: `${METRIC}_requests`,
  quotaId: "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
  quotaValue: "250",
};

describe("what Google's APIs answer", () => {
  check(gemini, [
    {
      name: "a limit per minute, in the words of an empty account",
      status: 429,
      body: exhausted(PLAN, violations(PER_MINUTE), retryInfo("34.074824224s")),
      expected: quota("requests", 34_075),
    },
    {
      name: "a limit per day beats the short wait of the minute",
      status: 429,
      body: exhausted(PLAN, violations(PER_MINUTE, PER_DAY), retryInfo("38s")),
      expected: quota("requests_per_day"),
    },
    {
      name: "a limit per day with a wait that fits it",
      status: 429,
      body: exhausted(PLAN, violations(PER_DAY), retryInfo("7200s")),
      expected: quota("requests_per_day", 7_200_000),
    },
    {
      name: "tokens of input per day",
      status: 429,
      body: exhausted(
        PLAN,
        violations({
          quotaMetric: `${METRIC}_input_token_count`,
          quotaId: "GenerateContentInputTokensPerModelPerDay-FreeTier",
        }),
      ),
      expected: quota("tokens_per_day"),
    },
    {
      name: "a quota of nothing",
      status: 429,
      body: exhausted(PLAN, violations({ ...PER_MINUTE, quotaValue: "0" }), retryInfo("20s")),
      expected: never("requests"),
    },
    {
      name: "a quota of nothing, in prose",
      status: 429,
      body: exhausted(
        `${PLAN}\n* Quota exceeded for metric: ${METRIC}_requests, limit: 0\nPlease retry in 9s.`,
      ),
      expected: never("requests"),
    },
    {
      name: "an error inside an array",
      status: 429,
      body: [exhausted("Stop.", violations(PER_MINUTE), retryInfo("3s"))],
      expected: quota("requests", 3_000),
    },
    {
      name: "an error inside the message",
      status: 429,
      body: error(
        429,
        "Too Many Requests",
        JSON.stringify(exhausted("Stop.", violations(PER_DAY), retryInfo("3s"))),
      ),
      expected: quota("requests_per_day"),
    },
    {
      name: "a key with a stray blank",
      status: 429,
      body: exhausted("Stop.", { " @type": `${RPC}.RetryInfo`, retryDelay: "0.5s" }),
      expected: quota(null, 500),
    },
    {
      name: "a wait in prose, in minutes",
      status: 429,
      body: exhausted("Quota exceeded. Please retry in 1m2.5s."),
      expected: quota(null, 62_500),
    },
    {
      name: "used-up prepayment",
      status: 429,
      body: exhausted("Your prepayment credits are depleted."),
      expected: BILLING,
    },
    {
      name: "credits of a plan that are too low",
      status: 429,
      body: exhausted("Stop.", reason("INSUFFICIENT_G1_CREDITS_BALANCE")),
      expected: BILLING,
    },
    {
      name: "a quota of Code Assist that returns in hours",
      status: 429,
      body: exhausted(
        "You have exhausted your capacity. Your quota will reset after 18h31m10s.",
        reason("QUOTA_EXHAUSTED"),
      ),
      expected: quota(null, 66_670_000),
    },
    {
      name: "capacity under 429",
      status: 429,
      body: exhausted(
        "No capacity left for this model.",
        reason("MODEL_CAPACITY_EXHAUSTED"),
        retryInfo("6s"),
      ),
      expected: passing("overload", 6_000),
    },
    {
      name: "capacity under 503",
      status: 503,
      body: error(503, "UNAVAILABLE", "The model is overloaded."),
      expected: passing("overload"),
    },
    {
      name: "a deadline",
      status: 504,
      body: error(504, "DEADLINE_EXCEEDED", "Deadline."),
      expected: passing("timeout"),
    },
    {
      name: "a cancel",
      status: 499,
      body: error(499, "CANCELLED", "Gone."),
      expected: passing("transient"),
    },
    {
      name: "a failure",
      status: 500,
      body: error(500, "INTERNAL", "Internal error."),
      expected: passing("transient"),
    },
    {
      name: "a wrong key under 400",
      status: 400,
      body: error(400, "INVALID_ARGUMENT", "API key expired.", reason("API_KEY_INVALID")),
      expected: fault("auth"),
    },
    {
      name: "a long input",
      status: 400,
      body: error(
        400,
        "INVALID_ARGUMENT",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
      ),
      expected: fault("context_length"),
    },
    {
      name: "a free tier that a country does not have",
      status: 400,
      body: error(
        400,
        "FAILED_PRECONDITION",
        "The free tier is not available in your country. Please enable billing.",
      ),
      expected: BILLING,
    },
    {
      name: "no permission",
      status: 403,
      body: error(403, "PERMISSION_DENIED", "No."),
      expected: fault("auth"),
    },
    {
      name: "payment",
      status: 402,
      body: { error: { code: 402, status: "payment_required", message: "Pay." } },
      expected: BILLING,
    },
    {
      name: "an error in a stream",
      status: 200,
      body: `data: ${JSON.stringify(exhausted("Stop.", violations(PER_DAY), retryInfo("2s")))}\n\n`,
      expected: quota("requests_per_day"),
    },
    {
      name: "an answer that speaks of errors",
      status: 200,
      body: { candidates: [{ content: { parts: [{ text: '{"error": {"code": 429}}' }] } }] },
      expected: OK,
    },
  ]);

  check(vertex, [
    {
      name: "shared capacity, far below any quota",
      status: 429,
      body: exhausted("Resource exhausted. Come back later."),
      expected: passing("overload"),
    },
    {
      name: "a named quota of requests",
      status: 429,
      body: exhausted(
        "Quota exceeded for any.googleapis.com/generate_content_requests_per_minute_per_project_per_base_model with base model: m1.",
      ),
      expected: quota("requests"),
    },
    {
      name: "a named quota of input",
      status: 429,
      body: exhausted(
        "Quota exceeded for any.googleapis.com/generate_content_input_tokens_per_minute_per_base_model with base model: m1.",
      ),
      expected: quota("input_tokens"),
    },
    {
      name: "Claude's overload in its own stream",
      status: 200,
      body: `event: error\ndata: ${JSON.stringify({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } })}\n\n`,
      expected: passing("overload"),
    },
    {
      name: "a wrong token",
      status: 401,
      body: error(401, "UNAUTHENTICATED", "No."),
      expected: fault("auth"),
    },
  ]);

  check(vertex, [
    {
      name: "requests of a base model",
      status: 429,
      body: exhausted(
        "Quota exceeded for any.googleapis.com/online_prediction_requests_per_base_model with base model: m1.",
      ),
      expected: quota("requests"),
    },
  ]);
  check(gemini, [
    {
      name: "a place without service",
      status: 400,
      body: error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
      expected: fault("auth"),
    },
  ]);

  const usageLimits = (text: string) => ({
    error: {
      code: 403,
      message: "Quota Error.",
      errors: [{ domain: "usageLimits", reason: text, message: "Quota Error." }],
    },
  });
  check(ga4, [
    {
      name: "tokens of a property per day",
      status: 429,
      body: exhausted(
        "Exhausted property tokens per day. These quota tokens will return in under 24 hours.",
      ),
      expected: quota("tokens_per_day"),
    },
    {
      name: "tokens of a property per hour",
      status: 429,
      body: exhausted(
        "Exhausted property tokens per hour. These quota tokens will return in under an hour.",
      ),
      expected: quota("tokens"),
    },
    {
      name: "too many at once",
      status: 429,
      body: exhausted(
        "Exhausted concurrent requests quota. Please send fewer requests concurrently.",
      ),
      expected: quota("concurrency"),
    },
    {
      name: "potentially thresholded requests",
      status: 429,
      body: exhausted("Exhausted potentially thresholded requests quota."),
      expected: quota("requests"),
    },
    {
      name: "a user's rate under 403",
      status: 403,
      body: usageLimits("userRateLimitExceeded"),
      expected: quota("requests"),
    },
    {
      name: "a rate under 403",
      status: 403,
      body: usageLimits("rateLimitExceeded"),
      expected: quota("requests"),
    },
    {
      name: "a day under 403",
      status: 403,
      body: usageLimits("dailyLimitExceeded"),
      expected: quota("requests_per_day"),
    },
    {
      name: "a quota under 400",
      status: 400,
      body: { error: { code: 400, message: "Quota exceeded." } },
      expected: quota("requests"),
    },
    { name: "an event, whatever was in it", status: 204, expected: OK },
    {
      name: "no permission",
      status: 403,
      body: error(403, "PERMISSION_DENIED", "No."),
      expected: fault("auth"),
    },
  ]);

  const failure = (quotaError: string, details: object) => ({
    "@type": "type.googleapis.com/google.ads.googleads.v22.errors.GoogleAdsFailure",
    errors: [
      {
        errorCode: { quotaError },
        message: "Too many requests.",
        details: { quotaErrorDetails: details },
      },
    ],
  });
  check(googleAds, [
    {
      name: "operations of the developer token",
      status: 429,
      body: exhausted(
        "Resource has been exhausted.",
        failure("RESOURCE_EXHAUSTED", {
          rateScope: "DEVELOPER",
          rateName: "Number of operations for explorer access",
          retryDelay: "2592s",
        }),
      ),
      expected: quota("requests_per_day", 2_592_000),
    },
    {
      name: "an account's rate",
      status: 429,
      body: exhausted(
        "Resource has been exhausted.",
        failure("RESOURCE_TEMPORARILY_EXHAUSTED", {
          rateScope: "ACCOUNT",
          rateName: "Requests per service per method",
          retryDelay: "4s",
        }),
      ),
      expected: quota("requests", 4_000),
    },
    {
      name: "the wait in prose only",
      status: 429,
      body: exhausted("Too many requests. Retry in 40 seconds."),
      expected: quota("requests", 40_000),
    },
    {
      name: "a wrong token",
      status: 401,
      body: error(401, "UNAUTHENTICATED", "No."),
      expected: fault("auth"),
    },
  ]);
});
