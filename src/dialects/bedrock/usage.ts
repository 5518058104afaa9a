/** Usage as Bedrock's Converse reports it: `inputTokens` leaves out what was read from or written to the cache. */
import type { Usage } from "../../core/demand.ts";
import { amountIn, isObject } from "../body/json-fields.ts";

export function converseUsage(usage: unknown): Usage | null {
  if (!isObject(usage)) return null;
  const fresh = amountIn(usage["inputTokens"]);
  const output = amountIn(usage["outputTokens"]);
  if (fresh === null && output === null) return null;
  const read = amountIn(usage["cacheReadInputTokens"]) ?? 0;
  const written = amountIn(usage["cacheWriteInputTokens"]) ?? 0;
  return {
    inputTokens: (fresh ?? 0) + read + written,
    outputTokens: output ?? 0,
    cachedInputTokens: read,
  };
}
