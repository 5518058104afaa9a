/** Mistral: requests per second, tokens per minute and month; a code tells the caller's limit from its capacity. */
import { familyReadings, xRateLimit } from "../hints/header-families.ts";
import { MINUTE_MS } from "../hints/rate-reading.ts";
import { codeTable } from "../verdicts/verdict-rules.ts";
import { compatible } from "./compatible.ts";
import { BY_USAGE } from "./token-ledger.ts";

export const mistral = compatible({
  name: "mistral",
  ledger: BY_USAGE,
  takesMaxTokensAlone: true,
  streamsUsageUnasked: true,
  readings: familyReadings([
    xRateLimit("req-minute", { dimension: "requests", perMs: MINUTE_MS, resetMeaning: "window" }),
    xRateLimit("tokens-minute", { dimension: "tokens", perMs: MINUTE_MS, resetMeaning: "window" }),
    {
      dimension: "tokens",
      perMs: MINUTE_MS,
      limit: "x-ratelimitbysize-limit-minute",
      remaining: "x-ratelimitbysize-remaining-minute",
      reset: "ratelimitbysize-reset",
      resetMeaning: "window",
    },
  ]),
  rules: { codes: codeTable({ "1300": "quota", "3505": "overload" }) },
});
