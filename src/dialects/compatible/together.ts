/** Together: dynamic limits per model, told by `x-ratelimit-reset` in seconds; 403 is a context that is too long. */
import { compatible } from "./compatible.ts";
import { BY_USAGE } from "./token-ledger.ts";

export const together = compatible({
  name: "together",
  ledger: BY_USAGE,
  takesMaxTokensAlone: true,
  streamsUsageUnasked: true,
  rules: {
    statuses: new Map([[403, "context_length"]]),
    // `credit_limit` with "60 queries per minute" is a rate limit.
    identifiers: [
      { class: "quota", pattern: /^credit limit$/, believedAt: (status) => status === 429 },
    ],
  },
});
