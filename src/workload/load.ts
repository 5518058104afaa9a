/** Load: everything that will arrive in a run, decided before it starts, so that all policies meet the same. */
import type { LatencyClass } from "../core/task.ts";

/** One piece of work that some tenant's agent wants done. */
export interface LoadTask {
  readonly id: number;
  /** When it arrives, milliseconds after the start. */
  readonly atMs: number;
  readonly tenant: string;
  /** Place of its tier among the tiers: 0 is served first. */
  readonly tier: number;
  readonly latency: LatencyClass;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Tokens the provider will charge. */
  readonly cost: number;
  /** Null: the trace names none. */
  readonly model: string | null;
  /** It arrives this long after that task has ended, and `atMs` is only foreseen; null: at `atMs`. */
  readonly after: { readonly task: number; readonly thinkMs: number } | null;
}

export interface LoadTenant {
  readonly name: string;
  readonly tier: number;
  /** Multiplies its tier's. */
  readonly weight: number;
}

/** Amounts per minute. */
export interface ProviderLimits {
  readonly rpm: number;
  readonly tpm: number;
}

export interface Load {
  /** In the order of arrival. */
  readonly tasks: readonly LoadTask[];
  readonly tenants: readonly LoadTenant[];
  /** Tight: all tasks together ask for {@link OVERLOAD} times the tokens. */
  readonly limits: ProviderLimits;
  /** Arrivals go on for this long. */
  readonly seconds: number;
  /** Before this moment the buckets, the queue and the code are still warming up: not measured. */
  readonly measuredFromMs: number;
  /** Recorded seconds that pass in one of ours. */
  readonly speed: number;
}

/** Demand over budget. */
export const OVERLOAD = 3;
