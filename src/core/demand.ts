/** Demand: what one request asks of a budget, and the usage that is known once it has ended. */

/** The dimensions a limit can count. `units:<name>` is what a platform counts by itself (records, points). */
export type Dimension =
  | "requests"
  | "tokens"
  | "input_tokens"
  | "output_tokens"
  | "concurrency"
  | "usd"
  | `units:${string}`;

/** Whole amounts of what a platform counts by itself, by name. */
export type Units = Readonly<Record<string, number>>;

/**
 * Amounts as the provider will count them, in whole units (USD in dollars).
 * `tokens` is what a combined token limit is charged; it need not be the sum of the other two:
 * OpenAI charges max(max_tokens, estimate).
 */
export interface Demand {
  readonly requests: number;
  readonly tokens: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usd: number;
  readonly units: Units;
}

/** What was really used, as the provider reported it. `cachedInputTokens` is a part of `inputTokens`. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  /** What a platform counts by itself (points, quota tokens, records); absent where it told none. */
  readonly units?: Units;
}

const NO_UNITS: Units = Object.freeze({});

export const NO_DEMAND: Demand = Object.freeze({
  requests: 0,
  tokens: 0,
  inputTokens: 0,
  outputTokens: 0,
  usd: 0,
  units: NO_UNITS,
});

/** A demand from its parts; what is not named is 0. */
export function demandOf(parts: Partial<Demand>): Demand {
  return { ...NO_DEMAND, ...parts };
}

/** How much of `dimension` a demand asks for. Every request holds one slot while it runs. */
export function amountOf(demand: Demand, dimension: Dimension): number {
  switch (dimension) {
    case "requests":
      return demand.requests;
    case "tokens":
      return demand.tokens;
    case "input_tokens":
      return demand.inputTokens;
    case "output_tokens":
      return demand.outputTokens;
    case "usd":
      return demand.usd;
    case "concurrency":
      return 1;
    default:
      return demand.units[dimension.slice("units:".length)] ?? 0;
  }
}
