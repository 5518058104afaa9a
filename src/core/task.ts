/** Task: one piece of work with its criticality, as claimed by the client and bounded by its tenant. */

export const LATENCY_CLASSES = ["real-time", "near-real-time", "batch"] as const;
export type LatencyClass = (typeof LATENCY_CLASSES)[number];

export const FALLBACKS = ["smaller-model", "cached", "degrade", "queue"] as const;
export type Fallback = (typeof FALLBACKS)[number];

/** What a history that is too long is trimmed to: what fits, or so many tokens of input. */
export type TrimTo = "off" | "fit" | number;

/** A workflow's step: steps of a running chain go before new ones of the same class. */
export interface Chain {
  readonly id: string;
  readonly step: number;
  readonly depth: number;
}

/** A task with everything decided: tier and bounds applied, defaults filled in. */
export interface Task {
  readonly tenant: string;
  readonly type: string;
  readonly latency: LatencyClass;
  /** From arrival to the sending of the last attempt, less the time attempts spend at the provider. */
  readonly maxWaitMs: number;
  /** From arrival to the complete answer; null: none. */
  readonly deadlineMs: number | null;
  readonly fallback: readonly Fallback[];
  readonly chain: Chain | null;
  /** 0 to 1; null: any. */
  readonly minQuality: number | null;
  /** Whether its oldest turns may be left out. */
  readonly trim: TrimTo;
  /** Places of messages that stay whatever is trimmed; negative: counted from the end. */
  readonly pins: readonly number[];
  readonly tags: readonly string[];
}
