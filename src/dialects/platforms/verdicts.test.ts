import { describe } from "vitest";
import {
  BILLING,
  check,
  fault,
  NOW,
  OK,
  passing,
  quota,
} from "../../../test/support/verdict-cases.ts";
import { github } from "./github.ts";
import { hubspot } from "./hubspot.ts";
import { klaviyo } from "./klaviyo.ts";
import { mailchimp } from "./mailchimp.ts";
import { marketo } from "./marketo.ts";
import { meta } from "./meta.ts";
import { notion } from "./notion.ts";
import { salesforce } from "./salesforce.ts";
import { salesforceMarketingCloud } from "./salesforce-marketing-cloud.ts";
import { shopify } from "./shopify.ts";
import { slack } from "./slack.ts";
import { stripe } from "./stripe.ts";

const lock = {
  class: "transient",
  dimension: "concurrency",
  retryable: true,
  retryAfterMs: null,
} as const;

describe("what platforms answer", () => {
  const hubspotError = (message: string, rest: object) => ({ status: "error", message, ...rest });
  check(hubspot, [
    {
      name: "the window of ten seconds",
      status: 429,
      body: hubspotError("You have reached your ten_secondly_rolling limit.", {
        errorType: "RATE_LIMIT",
        policyName: "TEN_SECONDLY_ROLLING",
      }),
      expected: quota("requests"),
    },
    {
      name: "the day",
      status: 429,
      headers: {
        "x-hubspot-ratelimit-daily": "250000",
        "x-hubspot-ratelimit-daily-remaining": "0",
      },
      body: hubspotError("The daily limit is reached.", {
        errorType: "RATE_LIMIT",
        policyName: "DAILY",
      }),
      expected: quota("requests_per_day"),
    },
    {
      name: "the newer form",
      status: 429,
      body: hubspotError("Slow down.", { category: "RATE_LIMITS" }),
      expected: quota("requests"),
    },
    {
      name: "a locked record",
      status: 423,
      body: hubspotError("Locked.", {}),
      expected: passing("transient"),
    },
    {
      name: "a migration",
      status: 477,
      headers: { "retry-after": "86400" },
      expected: passing("transient", 86_400_000),
    },
    { name: "a gateway's timeout", status: 524, expected: passing("timeout") },
    {
      name: "a scope that is missing",
      status: 403,
      body: hubspotError("This app hasn't been granted all required scopes.", {
        category: "MISSING_SCOPES",
      }),
      expected: fault("auth"),
    },
    {
      name: "a batch of which a part failed",
      status: 207,
      body: {
        status: "COMPLETE",
        results: [],
        numErrors: 1,
        errors: [{ status: "error", category: "VALIDATION_ERROR", message: "No." }],
      },
      expected: OK,
    },
    {
      name: "a success at the limit's end",
      status: 200,
      headers: { "x-hubspot-ratelimit-remaining": "0" },
      body: {},
      expected: OK,
    },
  ]);

  check(salesforce, [
    {
      name: "the organisation's day",
      status: 403,
      body: [{ message: "TotalRequests Limit exceeded.", errorCode: "REQUEST_LIMIT_EXCEEDED" }],
      expected: quota("requests_per_day"),
    },
    {
      name: "too many long calls, under the same code",
      status: 403,
      body: [
        {
          message: "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
          errorCode: "REQUEST_LIMIT_EXCEEDED",
        },
      ],
      expected: quota("concurrency"),
    },
    {
      name: "too many long transactions",
      status: 503,
      body: [
        { message: "ConcurrentPerOrgLongTxn Limit exceeded.", errorCode: "REQUEST_LIMIT_EXCEEDED" },
      ],
      expected: quota("concurrency"),
    },
    {
      name: "a session that ended",
      status: 401,
      body: [{ message: "Session expired or invalid", errorCode: "INVALID_SESSION_ID" }],
      expected: fault("auth"),
    },
    {
      name: "a busy server",
      status: 503,
      body: [{ message: "Try again.", errorCode: "SERVER_UNAVAILABLE" }],
      expected: passing("overload"),
    },
    {
      name: "a locked row",
      status: 400,
      body: [
        {
          message: "unable to obtain exclusive access to this record",
          errorCode: "UNABLE_TO_LOCK_ROW",
        },
      ],
      expected: lock,
    },
    {
      name: "no such record",
      status: 404,
      body: [{ message: "The requested resource does not exist", errorCode: "NOT_FOUND" }],
      expected: fault("not_found"),
    },
    {
      name: "a wrong field",
      status: 400,
      body: [{ message: "No such column 'x'", errorCode: "INVALID_FIELD" }],
      expected: fault("invalid_request"),
    },
  ]);

  check(salesforceMarketingCloud, [
    {
      name: "a rate with its wait in the body alone",
      status: 429,
      body: { message: "Rate limit exceeded", errorcode: 50100, retryAfter: 7 },
      expected: quota("requests", 7_000),
    },
    {
      name: "a block without a wait",
      status: 429,
      body: { message: "Your requests are temporarily blocked", errorcode: 50200 },
      expected: quota("requests"),
    },
    {
      name: "SOAP's throttle under 500",
      status: 500,
      body: '<?xml version="1.0"?><soap:Envelope><soap:Body><soap:Fault><faultstring>Rate limit exceeded, requests are throttled</faultstring></soap:Fault></soap:Body></soap:Envelope>',
      expected: quota("requests"),
    },
    {
      name: "any other fault under 500",
      status: 500,
      body: "<soap:Fault><faultstring>Object reference</faultstring></soap:Fault>",
      expected: passing("transient"),
    },
  ]);

  check(mailchimp, [
    {
      name: "too many connections",
      status: 429,
      body: {
        title: "Too Many Requests",
        status: 429,
        detail: "No more than 10 simultaneous connections are allowed.",
      },
      expected: quota("concurrency"),
    },
    { name: "very high volume, 403 without a body", status: 403, expected: quota("concurrency") },
    {
      name: "very high volume, 403 in HTML",
      status: 403,
      body: "<html><title>Access Denied</title></html>",
      expected: quota("concurrency"),
    },
    {
      name: "a 403 with a reason is one",
      status: 403,
      body: {
        title: "Forbidden",
        status: 403,
        detail: "You don't have permission to access the requested resource.",
      },
      expected: fault("auth"),
    },
    {
      name: "a wrong key",
      status: 401,
      body: { title: "API Key Invalid", status: 401, detail: "Your API key may be invalid." },
      expected: fault("auth"),
    },
    {
      name: "a batch of members of which some failed",
      status: 200,
      body: {
        new_members: [],
        errors: [{ email_address: "a@b.c", error: "No.", error_code: "X" }],
      },
      expected: OK,
    },
    {
      name: "a member that exists",
      status: 400,
      body: { title: "Member Exists", status: 400, detail: "a@b.c is already a list member." },
      expected: fault("invalid_request"),
    },
  ]);

  const throttled = (detail: string) => ({
    errors: [{ status: 429, code: "throttled", title: "Request was throttled.", detail }],
  });
  check(klaviyo, [
    {
      name: "a wait in the sentence",
      status: 429,
      body: throttled("Request was throttled. Expected available in 12 seconds."),
      expected: quota("requests", 12_000),
    },
    {
      name: "a wait of nothing",
      status: 429,
      body: throttled("Request was throttled. Expected available in 0 seconds."),
      expected: quota("requests", 0),
    },
    {
      name: "the header before the sentence",
      status: 429,
      headers: { "retry-after": "3" },
      body: throttled("Expected available in 1 second."),
      expected: quota("requests", 3_000),
    },
    {
      name: "a wrong key",
      status: 401,
      body: {
        errors: [
          { status: 401, code: "not_authenticated", detail: "Missing or invalid private key." },
        ],
      },
      expected: fault("auth"),
    },
  ]);

  const marketoError = (code: string, message: string) => ({
    requestId: "r",
    success: false,
    errors: [{ code, message }],
  });
  check(marketo, [
    {
      name: "the window's rate",
      status: 200,
      body: marketoError("606", "Rate limit '50' exceeded with in '20' secs"),
      expected: quota("requests", 20_000),
    },
    {
      name: "the day",
      status: 200,
      body: marketoError("607", "Daily API Request Limit Reached"),
      expected: quota("requests_per_day"),
    },
    {
      name: "too many at once",
      status: 200,
      body: marketoError("615", "Concurrent access limit reached"),
      expected: quota("concurrency"),
    },
    {
      name: "a token that ended",
      status: 200,
      body: marketoError("602", "Access token expired"),
      expected: fault("auth"),
    },
    {
      name: "a timeout",
      status: 200,
      body: marketoError("604", "Request timed out"),
      expected: passing("timeout"),
    },
    {
      name: "not available for now",
      status: 200,
      body: marketoError("608", "API Temporarily Unavailable"),
      expected: passing("overload"),
    },
    {
      name: "a system error",
      status: 200,
      body: marketoError("611", "System error"),
      expected: passing("transient"),
    },
    {
      name: "a full bulk queue",
      status: 200,
      body: marketoError("1029", "Too many jobs (10) in queue"),
      expected: quota("concurrency"),
    },
    {
      name: "the caller's own mistake",
      status: 200,
      body: marketoError("1003", "Action is not valid"),
      expected: fault("invalid_request"),
    },
    {
      name: "a success",
      status: 200,
      body: { requestId: "r", success: true, result: [] },
      expected: OK,
    },
  ]);

  const metaError = (code: number, message: string, rest: object = {}) => ({
    error: { message, type: "OAuthException", code, fbtrace_id: "f", ...rest },
  });
  const businessUse = (minutes: number) =>
    JSON.stringify({
      "1": [
        {
          type: "ads_insights",
          call_count: 100,
          total_cputime: 25,
          total_time: 25,
          estimated_time_to_regain_access: minutes,
        },
      ],
    });
  check(meta, [
    {
      name: "an application's limit",
      status: 400,
      body: metaError(4, "(#4) Application request limit reached", { is_transient: true }),
      expected: quota("requests"),
    },
    {
      name: "a business use case, with minutes in a header",
      status: 400,
      headers: { "x-business-use-case-usage": businessUse(19) },
      body: metaError(80_004, "There have been too many calls to this ad-account."),
      expected: quota("requests", 1_140_000),
    },
    {
      name: "a page",
      status: 400,
      body: metaError(32, "(#32) Page request limit reached"),
      expected: quota("requests"),
    },
    {
      name: "a custom limit",
      status: 400,
      body: metaError(613, "Calls to this api have exceeded the rate limit."),
      expected: quota("requests"),
    },
    {
      name: "an answer that would be too large",
      status: 500,
      body: metaError(
        1,
        "Please reduce the amount of data you're asking for, then retry your request",
      ),
      expected: fault("invalid_request"),
    },
    {
      name: "an outage",
      status: 500,
      body: metaError(2, "Service temporarily unavailable"),
      expected: passing("transient"),
    },
    {
      name: "something that passes, as it says",
      status: 400,
      body: metaError(960, "Try later.", { is_transient: true }),
      expected: passing("transient"),
    },
    {
      name: "a token that ended",
      status: 400,
      body: metaError(190, "Error validating access token"),
      expected: fault("auth"),
    },
    {
      name: "a wrong parameter",
      status: 400,
      body: metaError(100, "Invalid parameter"),
      expected: fault("invalid_request"),
    },
    {
      name: "a header that is no JSON",
      status: 400,
      headers: { "x-business-use-case-usage": "{" },
      body: metaError(17, "(#17) User request limit reached"),
      expected: quota("requests"),
    },
  ]);

  const cost = (requested: number, available: number) => ({
    cost: {
      requestedQueryCost: requested,
      actualQueryCost: null,
      throttleStatus: { maximumAvailable: 1_000, currentlyAvailable: available, restoreRate: 50 },
    },
  });
  const graphQl = (message: string, code?: string, extensions?: object) => ({
    errors: [{ message, ...(code ? { extensions: { code } } : {}) }],
    ...(extensions ? { extensions } : {}),
  });
  check(shopify, [
    {
      name: "throttled, with what is missing",
      status: 200,
      body: graphQl("Throttled", "THROTTLED", cost(252, 2)),
      expected: quota("requests", 5_000),
    },
    {
      name: "throttled, as it was told earlier",
      status: 200,
      body: graphQl("Throttled"),
      expected: quota("requests"),
    },
    {
      name: "dearer than the bucket holds",
      status: 200,
      body: graphQl(
        "Query cost is 1500, which exceeds the single query max cost limit 1000",
        "MAX_COST_EXCEEDED",
      ),
      expected: fault("invalid_request"),
    },
    {
      name: "a wrong field",
      status: 200,
      body: graphQl("Field 'x' doesn't exist on type 'Shop'", "undefinedField"),
      expected: fault("invalid_request"),
    },
    {
      name: "its own failure",
      status: 200,
      body: graphQl("Internal error", "INTERNAL_SERVER_ERROR"),
      expected: passing("transient"),
    },
    {
      name: "no access",
      status: 200,
      body: graphQl("Access denied for orders field.", "ACCESS_DENIED"),
      expected: fault("auth"),
    },
    {
      name: "REST's bucket, with seconds as a fraction",
      status: 429,
      headers: { "retry-after": "2.0", "x-shopify-shop-api-call-limit": "40/40" },
      body: {
        errors:
          "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service.",
      },
      expected: quota("requests", 2_000),
    },
    {
      name: "REST's bucket alone",
      status: 429,
      headers: { "x-shopify-shop-api-call-limit": "40/40" },
      expected: quota("requests", 20_000),
    },
    {
      name: "a cost on a success",
      status: 200,
      body: { data: {}, extensions: cost(502, 1) },
      expected: OK,
    },
  ]);

  const stripeError = (type: string, code: string | null, message = "No.") => ({
    error: { type, code, message },
  });
  check(stripe, [
    {
      name: "a rate",
      status: 429,
      body: stripeError("invalid_request_error", "rate_limit"),
      expected: quota("requests"),
    },
    {
      name: "a rate with its reason",
      status: 429,
      headers: { "stripe-rate-limited-reason": "endpoint-concurrency" },
      body: stripeError("invalid_request_error", "rate_limit"),
      expected: quota("concurrency"),
    },
    {
      name: "a locked object",
      status: 429,
      body: stripeError("invalid_request_error", "lock_timeout"),
      expected: lock,
    },
    {
      name: "a refusal that shall not be repeated",
      status: 429,
      headers: { "stripe-should-retry": "false" },
      body: stripeError("invalid_request_error", "rate_limit"),
      expected: { class: "quota", dimension: "requests", retryable: false, retryAfterMs: null },
    },
    {
      name: "a key that is in use",
      status: 409,
      body: stripeError("idempotency_error", "idempotency_key_in_use"),
      expected: passing("transient"),
    },
    {
      name: "a customer's empty card",
      status: 402,
      body: stripeError("card_error", "card_declined", "Your card has insufficient funds."),
      expected: fault("invalid_request"),
    },
    {
      name: "a failure",
      status: 500,
      body: stripeError("api_error", null),
      expected: passing("transient"),
    },
    {
      name: "a wrong key",
      status: 401,
      body: stripeError("invalid_request_error", null, "Invalid API Key provided"),
      expected: fault("auth"),
    },
  ]);

  const primary = {
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": String(NOW / 1_000 + 1_200),
    "x-ratelimit-resource": "core",
  };
  check(github, [
    {
      name: "the hour under 403",
      status: 403,
      headers: primary,
      body: { message: "API rate limit exceeded for user ID 1." },
      expected: quota("requests", 1_200_000),
    },
    {
      name: "the hour under 429",
      status: 429,
      headers: primary,
      body: { message: "API rate limit exceeded." },
      expected: quota("requests", 1_200_000),
    },
    {
      name: "a secondary limit with its wait",
      status: 403,
      headers: { ...primary, "x-ratelimit-remaining": "40", "retry-after": "30" },
      body: { message: "This is above a secondary rate limit." },
      expected: quota(null, 30_000),
    },
    {
      name: "a secondary limit without one: a minute",
      status: 429,
      headers: { ...primary, "x-ratelimit-remaining": "40" },
      body: { message: "This is above a secondary rate limit." },
      expected: quota(null, 60_000),
    },
    {
      name: "a 403 that is one",
      status: 403,
      headers: { ...primary, "x-ratelimit-remaining": "40" },
      body: { message: "Resource not accessible by integration" },
      expected: fault("auth"),
    },
    {
      name: "what is not there",
      status: 404,
      body: { message: "Not Found" },
      expected: fault("not_found"),
    },
    { name: "a success at the hour's end", status: 200, headers: primary, body: {}, expected: OK },
  ]);

  const notionError = (status: number, code: string) => ({
    object: "error",
    status,
    code,
    message: "No.",
  });
  check(notion, [
    {
      name: "a rate with seconds",
      status: 429,
      headers: { "retry-after": "1" },
      body: notionError(429, "rate_limited"),
      expected: quota("requests", 1_000),
    },
    {
      name: "a conflict",
      status: 409,
      body: notionError(409, "conflict_error"),
      expected: passing("transient"),
    },
    {
      name: "an outage",
      status: 503,
      body: notionError(503, "service_unavailable"),
      expected: passing("overload"),
    },
    {
      name: "a page that is not shared",
      status: 404,
      body: notionError(404, "object_not_found"),
      expected: fault("not_found"),
    },
    {
      name: "a wrong body",
      status: 400,
      body: notionError(400, "validation_error"),
      expected: fault("invalid_request"),
    },
  ]);

  check(slack, [
    {
      name: "a rate",
      status: 429,
      headers: { "retry-after": "30" },
      body: { ok: false, error: "ratelimited" },
      expected: quota("requests", 30_000),
    },
    {
      name: "a rate under 200",
      status: 200,
      body: { ok: false, error: "ratelimited" },
      expected: quota("requests"),
    },
    {
      name: "a token that ended, under 200",
      status: 200,
      body: { ok: false, error: "token_expired" },
      expected: fault("auth"),
    },
    {
      name: "the caller's own mistake, under 200",
      status: 200,
      body: { ok: false, error: "invalid_blocks" },
      expected: fault("invalid_request"),
    },
    {
      name: "its own failure, under 200",
      status: 200,
      body: { ok: false, error: "internal_error" },
      expected: passing("transient"),
    },
    { name: "a success", status: 200, body: { ok: true, channel: "C1" }, expected: OK },
  ]);
  check(stripe, [
    {
      name: "our own account's arrears are not its 402",
      status: 402,
      body: "",
      expected: fault("invalid_request"),
    },
  ]);
  check(shopify, [
    { name: "a frozen shop", status: 402, body: { errors: "Payment Required" }, expected: BILLING },
  ]);
});
