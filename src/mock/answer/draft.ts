/** Draft: decides how long an answer is, and writes it. */
import type { Answer, Call } from "./call.ts";
import { drawLogNormal, type Random } from "./random.ts";
import { sliceTokens, tokensIn, writeText } from "./text.ts";

export interface OutputLength {
  /** Median tokens of an answer. @default 120 */
  readonly medianTokens: number;
  /** Sigma of the log-normal spread; 0 makes all answers equally long. @default 0.8 */
  readonly spread: number;
}

export interface DraftOptions {
  readonly id: string;
  readonly random: Random;
  readonly length: OutputLength;
  /** Asked for by the request itself, or null. */
  readonly wantedTokens: number | null;
  readonly cachedTokens: number;
}

/** Keeps one answer in memory bounded. */
const MAX_OUTPUT_TOKENS = 1_000_000;

export function draftAnswer(call: Call, options: DraftOptions): Answer {
  const { id, cachedTokens } = options;
  const wanted = call.hasOutput ? wantedTokens(call, options) : 0;
  const outputTokens = Math.min(wanted, call.maxOutputTokens ?? MAX_OUTPUT_TOKENS);
  const text = call.tool?.arguments ?? writeText(outputTokens, options.random());
  return {
    id,
    model: call.model,
    createdAtSeconds: Math.floor(Date.now() / 1_000),
    inputTokens: call.inputTokens,
    cachedTokens: Math.min(cachedTokens, call.inputTokens),
    outputTokens,
    text: sliceTokens(text, 0, outputTokens),
    toolName: call.tool?.name ?? null,
    isCut: outputTokens < wanted,
  };
}

/** A tool call is as long as its arguments. */
function wantedTokens(call: Call, { wantedTokens, length, random }: DraftOptions): number {
  if (call.tool) return tokensIn(call.tool.arguments.length);
  const tokens = wantedTokens ?? drawLogNormal(random, length.medianTokens, length.spread);
  return Math.max(1, Math.min(MAX_OUTPUT_TOKENS, Math.round(tokens)));
}
