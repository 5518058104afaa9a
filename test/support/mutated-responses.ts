/** Mutated responses: what providers answer, damaged by a seed: cut, swollen, nested, with wrong types and hostile headers. */
import type { Dialect, HeaderView, ResponseView } from "../../src/core/dialect.ts";
import { LONGEST_RETRY_AFTER_MS, VERDICT_CLASSES } from "../../src/core/verdict/verdict.ts";
import { pick } from "./gateway-random.ts";

type Random = () => number;

const STATUSES = [
  200, 200, 200, 207, 400, 401, 402, 403, 404, 408, 409, 412, 413, 423, 424, 429, 429, 429, 498,
  500, 502, 503, 504, 524, 529, 0, 1e9,
];

const google = (message: unknown, ...details: object[]) => ({
  error: { code: 429, message, status: "RESOURCE_EXHAUSTED", details },
});
/** One for each shape that some dialect reads. */
const BODIES: readonly unknown[] = [
  {
    error: {
      message:
        "The tokens per min are spent: Limit 30000, Used 29000, Requested 2000. Try again in 6m0.5s.",
      type: "tokens",
      code: "rate_limit_exceeded",
    },
  },
  {
    type: "error",
    error: {
      type: "rate_limit_error",
      message: "This would exceed 20,000 input tokens per minute.",
    },
  },
  google(
    "Please retry in 44.09s.",
    {
      violations: [
        { quotaId: "GenerateRequestsPerDayPerModel", quotaMetric: "requests", quotaValue: "0" },
      ],
    },
    { retryDelay: "26.5s" },
  ),
  google("Stop.", {
    errors: [
      {
        errorCode: { quotaError: "RESOURCE_EXHAUSTED" },
        details: { quotaErrorDetails: { rateName: "Number of operations", retryDelay: "40s" } },
      },
    ],
  }),
  google(JSON.stringify(google("Stop.", { violations: [{ quotaId: "PerDay" }] }))),
  {
    errors: [{ message: "Throttled", extensions: { code: "THROTTLED" } }],
    extensions: {
      cost: {
        requestedQueryCost: 70,
        actualQueryCost: null,
        throttleStatus: { maximumAvailable: 1000, currentlyAvailable: 6, restoreRate: 50 },
      },
    },
  },
  {
    success: false,
    errors: [{ code: "606", message: "Rate limit '50' exceeded with in '20' secs" }],
  },
  { base_resp: { status_code: 1002, status_msg: "rate limit" } },
  {
    error: {
      message: "(#17) User request limit reached",
      type: "OAuthException",
      is_transient: true,
      code: 17,
    },
  },
  [{ message: "TotalRequests Limit exceeded.", errorCode: "REQUEST_LIMIT_EXCEEDED" }],
  {
    error: {
      message: "Rate limit exceeded",
      code: 429,
      metadata: {
        headers: {
          "X-RateLimit-Limit": "20",
          "X-RateLimit-Remaining": "0",
          "X-RateLimit-Reset": "1772366400000",
        },
      },
    },
  },
  { error: "Model a is currently loading", estimated_time: 20.5 },
  { message: "Out of call volume quota. Quota will be replenished in 1.02:03:04." },
  { message: "Rate limit exceeded", errorcode: 50100, retryAfter: 5 },
  { errors: [{ status: 429, code: "throttled", detail: "Expected available in 12 seconds." }] },
  {
    type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
    "violated-policies": ["daily"],
  },
  {
    ok: false,
    error: "ratelimited",
    usage: { prompt_tokens: 5, completion_tokens: 5 },
    usageMetadata: { promptTokenCount: 3 },
    cost: { actualQueryCost: 7 },
  },
  "connect error, disconnect before headers; retry after 5 seconds",
  "<html><head><title>503 Service Temporarily Unavailable</title></head></html>",
];

const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["retry-after", "20"],
  ["retry-after-ms", "1500"],
  ["x-ms-retry-after-ms", "7"],
  ["date", "Sun, 01 Mar 2026 12:00:00 GMT"],
  ["ratelimit", '"daily";r=0;t=3600'],
  ["ratelimit-policy", '"daily";q=1000;w=86400'],
  ["ratelimit-limit", "10, 10;w=1, 150;w=60"],
  ["ratelimit-reset", "1"],
  ["x-ratelimit-limit-requests", "500"],
  ["x-ratelimit-remaining-requests", "0"],
  ["x-ratelimit-reset-requests", "6m0s"],
  ["x-ratelimit-reset-tokens-minute", "30.25"],
  ["x-ratelimit-reset", "1772366460"],
  ["x-ratelimit-remaining", "0"],
  ["x-rate-limit-reset-tokens", "55"],
  ["anthropic-ratelimit-tokens-remaining", "0"],
  ["anthropic-ratelimit-tokens-reset", "2026-03-01T12:01:00Z"],
  ["anthropic-ratelimit-unified-status", "rejected"],
  ["anthropic-ratelimit-unified-reset", "1772366460"],
  ["sforce-limit-info", "api-usage=18/15000"],
  ["x-shopify-shop-api-call-limit", "40/40"],
  ["x-hubspot-ratelimit-remaining", "0"],
  ["x-app-usage", '{"call_count":100}'],
  ["x-business-use-case-usage", '{"1":[{"estimated_time_to_regain_access":19}]}'],
  ["x-ad-account-usage", '{"acc_id_util_pct":100,"reset_time_duration":30}'],
  ["x-amzn-errortype", "ThrottlingException:http://x"],
  [":exception-type", "throttlingException"],
  ["x-should-retry", "false"],
  ["policy-id", "DeploymentRatelimit-Token"],
];

const HOSTILE: readonly string[] = [
  "",
  "NaN",
  "Infinity",
  "-Infinity",
  "-1",
  "-0",
  "0",
  "1e999",
  "1e308",
  "9".repeat(400),
  "0x10",
  "+5",
  "1,2",
  ".5.",
  "null",
  "[]",
  "{}",
  '{"a":',
  "\u0000",
  "\uFEFF5",
  "Thu, 01 Jan 1970 00:00:00 GMT",
  "Fri, 31 Dec 9999 23:59:59 GMT",
  "2026-13-45T99:99:99Z",
  "999999999999999999",
  "-5s",
  "99999999h",
  "1ns",
  "1d1d1d",
  '"a";r=-1;t=1e9',
  "a/b",
  "1/0",
  "(".repeat(4_096),
  "limit 1 ".repeat(500),
  "wait 1 ".repeat(600),
  "api-usage=/",
  "😀".repeat(50),
];
const WRONG: readonly unknown[] = [
  null,
  true,
  [],
  {},
  "",
  "x",
  -1,
  0,
  1e308,
  -1e308,
  5e-324,
  2 ** 53,
  "NaN",
  "-5s",
  "1e9s",
  "9".repeat(40),
  ["a", ["b"]],
  { message: { message: {} } },
];

export function mutatedResponse(random: Random): ResponseView {
  const body = mutatedBody(random);
  return {
    status: pick(random, STATUSES),
    headers: mutatedHeaders(random),
    body,
    receivedAtMs: Date.parse("2026-03-01T12:00:00Z"),
  };
}

function mutatedHeaders(random: Random): HeaderView {
  const headers: Record<string, string | string[]> = {};
  for (let i = Math.floor(random() * 5); i > 0; i--) {
    const [name, value] = pick(random, HEADERS);
    const one = random() < 0.6 ? pick(random, HOSTILE) : damaged(value, random);
    headers[name] = random() < 0.1 ? [one, pick(random, HOSTILE)] : one;
  }
  return headers;
}

function mutatedBody(random: Random): string {
  const source = pick(random, BODIES);
  if (typeof source === "string") return damaged(source, random);
  let value: unknown = source;
  for (let i = Math.floor(random() * 4); i > 0; i--) value = replaced(value, random);
  let text = JSON.stringify(value) ?? "";
  const fate = random();
  if (fate < 0.1) text = text.slice(0, Math.floor(random() * text.length));
  else if (fate < 0.13) text = nested(text, 1 + Math.floor(random() * 5_000));
  else if (fate < 0.15)
    text = text.replace(
      '"message":"',
      `"message":"${pick(random, HOSTILE).repeat(40).replaceAll(/["\\]/g, "")}`,
    );
  else if (fate < 0.16) text = `{"padding":"${"x".repeat(200_000)}",${text.slice(1)}`;
  else if (fate < 0.3)
    text = text.replace(
      /-?\d+(?:\.\d+)?/,
      pick(random, ["1e999", "-1", "1e308", "9".repeat(300), "0"]),
    );
  else if (fate < 0.4) text = damaged(text, random);
  return random() < 0.2 ? `event: error\ndata: ${text}\n\n` : text;
}

/** A tree with one of its values replaced by something of another type. */
function replaced(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null || random() < 0.15) return pick(random, WRONG);
  if (Array.isArray(value)) {
    const at = Math.floor(random() * value.length);
    return value.map((one, i) => (i === at ? replaced(one, random) : one));
  }
  const keys = Object.keys(value);
  const chosen = keys[Math.floor(random() * keys.length)];
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, key === chosen ? replaced(one, random) : one]),
  );
}

function damaged(text: string, random: Random): string {
  const at = Math.floor(random() * (text.length + 1));
  const end = Math.min(text.length, at + Math.floor(random() * 8));
  return text.slice(0, at) + (random() < 0.5 ? pick(random, HOSTILE) : "") + text.slice(end);
}

function nested(text: string, depth: number): string {
  return `${'{"error":['.repeat(depth)}${text}${"]}".repeat(depth)}`;
}

/** What is wrong with how a dialect reads a response; null: nothing. */
export function violationIn(dialect: Dialect, response: ResponseView): string | null {
  try {
    const verdict = dialect.verdict(response);
    if (!VERDICT_CLASSES.includes(verdict.class)) return `class ${verdict.class}`;
    if (!isWait(verdict.retryAfterMs)) return `retryAfterMs ${verdict.retryAfterMs}`;
    if (!verdict.retryable && verdict.retryAfterMs !== null) return "a wait for nothing";
    for (const one of dialect.limits(response.headers, response.receivedAtMs)) {
      if (!isWait(one.resetMs)) return `resetMs ${one.resetMs}`;
      for (const amount of [one.limit, one.remaining]) {
        if (amount !== null && !(Number.isInteger(amount) && amount >= 0))
          return `amount ${amount}`;
      }
    }
    return usageViolation(dialect, response.body);
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

function usageViolation(dialect: Dialect, body: string): string | null {
  const reader = dialect.streamReader();
  reader.read("error", body);
  reader.read("", body);
  const usage = [reader.usage(), dialect.usage(parsed(body))];
  const amounts = usage.flatMap((one) =>
    one === null
      ? []
      : [
          one.inputTokens,
          one.outputTokens,
          one.cachedInputTokens,
          ...Object.values(one.units ?? {}),
        ],
  );
  const wrong = amounts.find((amount) => !(Number.isFinite(amount) && amount >= 0));
  return wrong === undefined ? null : `usage ${wrong}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isWait(ms: number | null): boolean {
  return ms === null || (Number.isInteger(ms) && ms >= 0 && ms <= LONGEST_RETRY_AFTER_MS);
}
