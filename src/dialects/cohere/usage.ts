/** Usage as Cohere reports it: in `usage` (v2) or `meta` (v1), tokens really used beside those that are billed. */
import type { Usage } from "../../core/demand.ts";
import { amountIn, isObject } from "../body/json-fields.ts";
import { openAiUsage } from "../openai/usage.ts";

export function cohereUsage(usage: unknown): Usage | null {
  if (!isObject(usage)) return null;
  const told = isObject(usage["tokens"]) ? usage["tokens"] : usage["billed_units"];
  // Its compatibility endpoint speaks as OpenAI does.
  if (!isObject(told)) return openAiUsage(usage);
  const input = amountIn(told["input_tokens"]);
  const output = amountIn(told["output_tokens"]);
  if (input === null && output === null) return null;
  const inputTokens = input ?? 0;
  const cached = amountIn(usage["cached_tokens"]) ?? 0;
  return {
    inputTokens,
    outputTokens: output ?? 0,
    cachedInputTokens: Math.min(cached, inputTokens),
  };
}
