/** Usage as Gemini reports it: `usageMetadata`, in which thoughts are output and cached tokens a part of the prompt. */
import type { Usage } from "../../core/demand.ts";
import { amountIn, isObject } from "../body/json-fields.ts";

export function geminiUsage(metadata: unknown, before: Usage | null = null): Usage | null {
  if (!isObject(metadata)) return before;
  const prompt = amountIn(metadata["promptTokenCount"]);
  const candidates = amountIn(metadata["candidatesTokenCount"]);
  if (prompt === null && candidates === null) return before;
  const tools = amountIn(metadata["toolUsePromptTokenCount"]) ?? 0;
  const inputTokens = prompt === null ? (before?.inputTokens ?? 0) : prompt + tools;
  const thoughts = amountIn(metadata["thoughtsTokenCount"]) ?? 0;
  const cached = amountIn(metadata["cachedContentTokenCount"]) ?? 0;
  return {
    inputTokens,
    outputTokens: (candidates ?? before?.outputTokens ?? 0) + thoughts,
    cachedInputTokens: Math.min(cached, inputTokens),
  };
}
