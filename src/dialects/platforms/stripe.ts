/** Stripe: a plain rate limit and a locked object are both 429; 402 is a customer's card, never our account. */

import { codeTable } from "../verdicts/verdict-rules.ts";
import { platform } from "./platform.ts";

export const stripe = platform({
  name: "stripe",
  rules: {
    codes: codeTable({
      lock_timeout: { class: "transient", dimension: "concurrency" },
      card_error: "invalid_request",
      idempotency_key_in_use: "transient",
      rate_limit: "quota",
    }),
    statuses: new Map([
      [402, "invalid_request"],
      [409, "transient"],
    ]),
    // `global-concurrency`, `endpoint-rate`, ...: what limited.
    namingHeaders: ["stripe-rate-limited-reason"],
    quotaDimension: "requests",
  },
});
