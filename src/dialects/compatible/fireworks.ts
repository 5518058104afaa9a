/** Fireworks: limits per minute with prompt and generated tokens apart; a suspended account is 412. */
import { familyReadings, type HeaderFamily, xRateLimit } from "../hints/header-families.ts";
import { MINUTE_MS } from "../hints/rate-reading.ts";
import { compatible } from "./compatible.ts";

const PER_MINUTE: Pick<HeaderFamily, "perMs" | "resetMeaning"> = {
  perMs: MINUTE_MS,
  resetMeaning: "window",
};

export const fireworks = compatible({
  name: "fireworks",
  ledger: { output: "predicted", counted: "used-uncached" },
  streamsUsageUnasked: true,
  // `x-ratelimit-over-limit: yes` stands on requests that are served: a warning, no refusal.
  readings: familyReadings([
    xRateLimit("requests", { dimension: "requests", ...PER_MINUTE }),
    xRateLimit("tokens-prompt", { dimension: "input_tokens", ...PER_MINUTE }),
    xRateLimit("tokens-generated", { dimension: "output_tokens", ...PER_MINUTE }),
  ]),
  rules: { statuses: new Map([[412, "billing"]]) },
});
