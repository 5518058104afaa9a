/** Price: what a model's tokens cost, and what a use of it comes to. */
import type { Demand, Usage } from "../demand.ts";

/** USD per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Of the input, what the provider read from its cache. */
  readonly cachedInput: number;
}

const PER = 1_000_000;

/** Dollars. */
export function usdOf(
  price: Price,
  { inputTokens, outputTokens, cachedInputTokens }: Usage,
): number {
  const fresh = Math.max(0, inputTokens - cachedInputTokens);
  const input = fresh * price.input + cachedInputTokens * price.cachedInput;
  return (input + outputTokens * price.output) / PER;
}

/** Dollars that a reservation may come to: nothing is hoped for from the cache. */
export function usdAtMost(price: Price, { inputTokens, outputTokens }: Demand): number {
  const input = inputTokens * Math.max(price.input, price.cachedInput);
  return (input + outputTokens * price.output) / PER;
}
