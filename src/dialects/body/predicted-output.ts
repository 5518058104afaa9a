/** How much a call will generate, before anything has been learned about it. */
import { MOST_TOKENS } from "./json-fields.ts";

/** Tokens of a typical answer, until a quantile of real ones is known; most chat answers are shorter. */
export const DEFAULT_OUTPUT_TOKENS = 256;

/** The prediction never exceeds what the request allows. */
export function predictedOutput(mostTokens: number | null, guess = DEFAULT_OUTPUT_TOKENS): number {
  const tokens = guess >= 0 ? Math.ceil(guess) : DEFAULT_OUTPUT_TOKENS;
  return Math.min(mostTokens ?? MOST_TOKENS, tokens);
}
