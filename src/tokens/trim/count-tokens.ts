/** What trimming and chunking count with, unless the caller has a tokenizer at hand. */
import { roughTokens } from "../rough-tokens.ts";

/** Tokens of one text. */
export type CountTokens = (text: string) => number;

/** Estimated tokens of one text, rounded up; 0 for the empty text. */
export function estimateTokens(text: string): number {
  return Math.ceil(roughTokens(text));
}
