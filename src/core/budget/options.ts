/** What a budget is built from, and what it tells. */
import type { BreakerOptions } from "../breaker/breaker.ts";
import type { LimitReading } from "../dialect.ts";

export interface BudgetOptions {
  /** `auto`: learned, begins at a tenth; or a fixed share of each limit's capacity. */
  readonly margin: "auto" | number;
  /** Limits are configured. Otherwise calls begin slowly, and limits are learned from headers. */
  readonly hasLimits: boolean;
  /** Requests per second when neither limits nor headers are known; null: not limited then. */
  readonly adaptive: AdaptiveOptions | null;
  /** @default five failures in a row, or half of what ended within 30 s; 5 s until the first probe */
  readonly breaker?: BreakerOptions;
}

/** Requests per second. */
export interface AdaptiveOptions {
  readonly initial: number;
  readonly min: number;
  readonly max: number;
}

/** What followed from the end of an attempt. */
export interface Conclusion {
  /** Until when meters rest because of it, or a breaker is open, microseconds; 0: neither. */
  readonly frozenUntil: number;
  /** This refusal was the first of its congestion epoch. */
  readonly isNewEpoch: boolean;
}

/** What another instance has done to a meter that this one has a copy of. */
export interface MeterChange {
  /** Of the level, by what answers told there, micro-units. */
  readonly correction: number;
  /** What others on the account take, micro-units per microsecond; absent: as before. */
  readonly foreign?: number;
  /** Share of the capacity that is kept; absent: as before. */
  readonly margin?: number;
  readonly isResized?: boolean;
  /** It rests, for longer or shorter than before, or no more. */
  readonly isRested?: boolean;
}

/** A limit that answers told and no configured one matches: the runtime makes a meter of it. */
export interface LearnedLimit {
  /** Null: of the account. */
  readonly model: string | null;
  readonly dimension: LimitReading["dimension"];
  /** Whole units. */
  readonly limit: number;
  /** Null for slots, which have no window. */
  readonly perMs: number | null;
  readonly window: "bucket" | "sliding" | "fixed";
  /** What was left when it was learned, whole units; null: not told. */
  readonly remaining: number | null;
  /** When a fixed window then ended, microseconds; null: not told, or a bucket. */
  readonly windowEndsAt: number | null;
}

/** A configured limit that the provider says is lower. */
export interface LimitDifference {
  readonly dimension: LimitReading["dimension"];
  readonly selector: string;
  readonly perMs: number;
  readonly configured: number;
  readonly told: number;
}
