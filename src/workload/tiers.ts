/** Tiers: four classes of customers, what they ask for and what they are promised. */
import type { LatencyClass } from "../core/task.ts";

export interface LoadTier {
  readonly name: string;
  /** Share of all demand. At three times the budget, 0.12 is 36 % of the budget. */
  readonly demandShare: number;
  readonly tenants: number;
  readonly weight: number;
  /** Least share of the budget. */
  readonly guarantee: number;
  readonly maxWaitMs: number;
  readonly latency: LatencyClass;
  /** Share of its tasks that are batch work instead. */
  readonly batchShare: number;
}

/**
 * First served first. The first tier's demand, 36 % of the budget, is far below what guarantees
 * leave (70 %), so that all of it can be promised; together with the second it is 72 %.
 */
export const TIERS: readonly LoadTier[] = [
  {
    name: "critical",
    demandShare: 0.12,
    tenants: 2,
    weight: 8,
    guarantee: 0,
    maxWaitMs: 20_000,
    latency: "real-time",
    batchShare: 0,
  },
  {
    name: "premium",
    demandShare: 0.12,
    tenants: 3,
    weight: 4,
    guarantee: 0,
    maxWaitMs: 20_000,
    latency: "near-real-time",
    batchShare: 0,
  },
  {
    name: "standard",
    demandShare: 0.26,
    tenants: 5,
    weight: 2,
    guarantee: 0.1,
    maxWaitMs: 15_000,
    latency: "near-real-time",
    batchShare: 0,
  },
  {
    name: "free",
    demandShare: 0.5,
    tenants: 16,
    weight: 1,
    guarantee: 0.05,
    maxWaitMs: 10_000,
    latency: "near-real-time",
    batchShare: 0.3,
  },
];

/**
 * Agents ask for this much less than their tier promises, as anyone does who needs an answer by a
 * certain moment: a busy machine and the way back take their time, too.
 */
export const WAIT_RESERVE_MS = 200;

/** Least shares of the budget by latency class. */
export const LATENCY_GUARANTEES = { "near-real-time": 0.1, batch: 0.05 } as const;
