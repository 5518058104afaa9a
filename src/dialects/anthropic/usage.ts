/** Usage as Anthropic reports it: `input_tokens` leaves out what was read from or written to the cache. */
import type { Usage } from "../../core/demand.ts";
import { amountIn, isObject } from "../body/json-fields.ts";

/** Usage from a `usage` object, over `before` where it tells only a part; null if neither tells anything. */
export function anthropicUsage(usage: unknown, before: Usage | null = null): Usage | null {
  if (!isObject(usage)) return before;
  const fresh = amountIn(usage["input_tokens"]);
  const output = amountIn(usage["output_tokens"]);
  if (fresh === null && output === null) return before;
  const outputTokens = output ?? before?.outputTokens ?? 0;
  if (fresh === null) {
    return { inputTokens: 0, cachedInputTokens: 0, ...before, outputTokens };
  }
  const cachedInputTokens = amountIn(usage["cache_read_input_tokens"]) ?? 0;
  const written = amountIn(usage["cache_creation_input_tokens"]) ?? 0;
  return { inputTokens: fresh + written + cachedInputTokens, outputTokens, cachedInputTokens };
}
