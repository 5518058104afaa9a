/** Chooses what counts a model's tokens; exact tokenizers take their place here, callers do not change. */
import { estimateTexts } from "./estimate.ts";

/** Tokens of several texts together. Must not throw, and must be bounded in time for any length. */
export type TokenCounter = (texts: readonly string[]) => number;

/** The best counter there is for `model`; null is a request that names none. */
export function tokenCounterFor(_model: string | null): TokenCounter {
  return estimateTexts;
}
