/** OpenRouter: many providers behind one account; rate headers stand inside the body, resets in epoch milliseconds. */
import { compatible } from "./compatible.ts";
import { BY_USAGE } from "./token-ledger.ts";

export const openRouter = compatible({
  name: "openrouter",
  ledger: BY_USAGE,
  failsUnderSuccess: true,
  streamsUsageUnasked: true,
  rules: {
    prose: [
      // The provider behind it is at its limit, not the caller: another model or provider helps, less traffic does not.
      {
        class: "overload",
        pattern: /provider returned error|rate-?limited upstream/,
        believedAt: (status) => status === 429,
      },
    ],
  },
});
