/** Usage between the two ways of counting: OpenAI's prompt tokens include what came from the cache, Anthropic's do not. */
import type { JsonObject } from "../core/dialect.ts";
import { amountIn, isObject } from "../dialects/body/json-fields.ts";

/** Tokens; `input` is all of it, of which `cached` was read from the cache and `written` was put there. */
interface Counts {
  readonly input: number;
  readonly cached: number;
  readonly written: number;
  readonly output: number;
  /** Part of the output. */
  readonly thought: number;
}

/** Anthropic's `usage`, over what was told before: events of a stream tell a part each, as totals. */
export function openAiUsageOf(usage: unknown, before: unknown = null): JsonObject {
  const told = { ...(isObject(before) ? before : {}), ...withoutNulls(usage) };
  const cached = amountIn(told["cache_read_input_tokens"]) ?? 0;
  const written = amountIn(told["cache_creation_input_tokens"]) ?? 0;
  const details = isObject(told["output_tokens_details"]) ? told["output_tokens_details"] : {};
  return openAiFields({
    input: (amountIn(told["input_tokens"]) ?? 0) + cached + written,
    cached,
    written,
    output: amountIn(told["output_tokens"]) ?? 0,
    thought: amountIn(details["thinking_tokens"]) ?? 0,
  });
}

/** OpenAI's `usage` in Anthropic's names; without one, zeros. */
export function anthropicUsageOf(usage: unknown): JsonObject {
  const told = isObject(usage) ? usage : {};
  const prompt = isObject(told["prompt_tokens_details"]) ? told["prompt_tokens_details"] : {};
  const details = told["completion_tokens_details"];
  const completion = isObject(details) ? details : {};
  const input = amountIn(told["prompt_tokens"]) ?? 0;
  const cached = Math.min(amountIn(prompt["cached_tokens"]) ?? 0, input);
  const written = Math.min(amountIn(prompt["cache_write_tokens"]) ?? 0, input - cached);
  return {
    input_tokens: input - cached - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached,
    output_tokens: amountIn(told["completion_tokens"]) ?? 0,
    output_tokens_details: { thinking_tokens: amountIn(completion["reasoning_tokens"]) ?? 0 },
    server_tool_use: null,
  };
}

/** Fields of a whole message that a stream's last event does not have. */
export const ANTHROPIC_USAGE_REST = {
  cache_creation: null,
  inference_geo: null,
  service_tier: null,
  speed: null,
} as const;

export function withoutNulls(usage: unknown): JsonObject {
  if (!isObject(usage)) return {};
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== null));
}

function openAiFields({ input, cached, written, output, thought }: Counts): JsonObject {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
    completion_tokens_details: { reasoning_tokens: thought },
  };
}
