/** Usage as OpenAI reports it: one pair of names for chat, another for responses; cached tokens are a part of the input. */
import type { Usage } from "../../core/demand.ts";
import { amountIn, isObject } from "../body/json-fields.ts";

/** Usage from a `usage` object; null if it tells neither input nor output. */
export function openAiUsage(usage: unknown): Usage | null {
  if (!isObject(usage)) return null;
  const input = amountIn(usage["prompt_tokens"]) ?? amountIn(usage["input_tokens"]);
  const output = amountIn(usage["completion_tokens"]) ?? amountIn(usage["output_tokens"]);
  if (input === null && output === null) return null;
  const details = usage["prompt_tokens_details"] ?? usage["input_tokens_details"];
  const cached = isObject(details) ? amountIn(details["cached_tokens"]) : null;
  const inputTokens = input ?? 0;
  return {
    inputTokens,
    outputTokens: output ?? 0,
    cachedInputTokens: Math.min(cached ?? 0, inputTokens),
  };
}
