/** xAI: limits per team and model in prose, `(actual/limit)`; spent credits come as 429 or as 403. */
import { compatible } from "./compatible.ts";
import { BY_USAGE } from "./token-ledger.ts";

export const xai = compatible({
  name: "xai",
  ledger: BY_USAGE,
  streamsUsageUnasked: true,
});
