/** Report data: all that a simulation has to show, in plain numbers, for the report and for tests. */
import type { PolicyFigures } from "../figures/policy-figures.ts";
import type { StoreFigures } from "./store-figures.ts";

export interface SimulationReport {
  readonly seed: number;
  /** How long tasks arrive. */
  readonly seconds: number;
  /** Demand over budget. */
  readonly scale: number;
  /** What the load was made from, e.g. the name of a trace. */
  readonly source: string;
  /** Names, first served first. */
  readonly tiers: readonly string[];
  readonly limits: readonly ReportedLimit[];
  /** In the order in which they were asked for. */
  readonly policies: readonly PolicyReport[];
}

export interface ReportedLimit {
  /** `requests`, `tokens`, `input_tokens`, `output_tokens`, `concurrency`, ... */
  readonly dimension: string;
  readonly amount: number;
  /** Length of its window; null: none, as for concurrency. */
  readonly perSeconds: number | null;
  /** What it counts over: `account`, `model:gpt-5*`. */
  readonly selector: string;
}

export interface PolicyReport {
  /** `sluice`, `naive-backoff`, ...; of a changed world with the change behind it: `sluice tenants=+20`. */
  readonly name: string;
  readonly figures: PolicyFigures;
  readonly series: Series;
  /** By tier, in their order. */
  readonly waitQuantilesByTier: readonly WaitQuantiles[];
  readonly foresight: Foresight;
  /** Null: nothing was shared over a network. */
  readonly store: StoreFigures | null;
}

/** One value a step, from the start on. */
export interface Series {
  readonly everySeconds: number;
  /** Per tier one series: tasks held back at the end of each step. */
  readonly waitingByTier: readonly (readonly number[])[];
  readonly refused429: readonly number[];
  /** Charged over made available, by the meter that bound most over the run. */
  readonly chargedShare: readonly number[];
  /** Least Jain index of the windows that end in the step; null: none did. */
  readonly jain: readonly (number | null)[];
}

/** Of the tasks that were served. */
export interface WaitQuantiles {
  readonly tier: string;
  /** Shares of all tasks of the tier, growing from 0 to the share that was served. */
  readonly quantiles: readonly { readonly share: number; readonly waitMs: number }[];
}

/** How good forecasts were; only of policies that make any. */
export interface Foresight {
  /** Told at once that they would wait too long. */
  readonly refusedAtOnce: number;
  /** Of tasks that were served after a wait: real wait over foreseen wait; null: nobody waited. */
  readonly realOverForeseen: {
    readonly p10: number;
    readonly p50: number;
    readonly p90: number;
  } | null;
  /** Of tasks that were queued: share that gave up although they had been promised a turn. */
  readonly brokenPromises: number;
}
