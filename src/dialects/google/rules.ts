/** Rules: what the reasons of Google's APIs mean, the same for Gemini, Vertex, Ads and Analytics. */
import { codeTable, type OwnRules } from "../verdicts/verdict-rules.ts";
import { quotaFailure } from "./error-details.ts";

export const GOOGLE_RULES: OwnRules = {
  own: quotaFailure,
  codes: codeTable({
    API_KEY_INVALID: "auth",
    API_KEY_SERVICE_BLOCKED: "auth",
    ACCESS_TOKEN_EXPIRED: "auth",
    SERVICE_DISABLED: "auth",
    MODEL_CAPACITY_EXHAUSTED: "overload",
    INSUFFICIENT_G1_CREDITS_BALANCE: "billing",
    BILLING_DISABLED: "billing",
    userRateLimitExceeded: { class: "quota", dimension: "requests" },
    rateLimitExceeded: "quota",
    quotaExceeded: "quota",
    dailyLimitExceeded: { class: "quota", dimension: "requests_per_day" },
  }),
  prose: [
    {
      class: "billing",
      pattern: /enable billing|billing (?:account|to be enabled)/,
      believedAt: (status) => status >= 400 && status < 404,
    },
    {
      class: "context_length",
      pattern: /input token count .{0,40}exceeds the maximum|exceeds the maximum number of tokens/,
      believedAt: (status) => status === 400,
    },
    { class: "quota", pattern: /^\s*quota exceeded/, believedAt: (status) => status < 500 },
  ],
  statuses: new Map([[499, "transient"]]),
};
