/** DeepSeek: the limit is how many run at once; waiting answers begin with blank lines or `: keep-alive`. */
import { amountIn, isObject } from "../body/json-fields.ts";
import { openAiUsage } from "../openai/usage.ts";
import { compatible } from "./compatible.ts";
import { BY_USAGE } from "./token-ledger.ts";

export const deepseek = compatible({
  name: "deepseek",
  ledger: BY_USAGE,
  takesMaxTokensAlone: true,
  rules: { quotaDimension: "concurrency" },
  usage: (usage) => {
    const told = openAiUsage(usage);
    const hits = isObject(usage) ? amountIn(usage["prompt_cache_hit_tokens"]) : null;
    if (told === null || hits === null) return told;
    return { ...told, cachedInputTokens: Math.min(hits, told.inputTokens) };
  },
});
