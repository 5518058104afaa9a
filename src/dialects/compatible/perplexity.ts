/** Perplexity: a leaky bucket of requests per model; no rate headers, no documented error bodies. */
import { compatible } from "./compatible.ts";
import { BY_USAGE } from "./token-ledger.ts";

export const perplexity = compatible({
  name: "perplexity",
  ledger: BY_USAGE,
  takesMaxTokensAlone: true,
  streamsUsageUnasked: true,
  rules: { quotaDimension: "requests" },
});
