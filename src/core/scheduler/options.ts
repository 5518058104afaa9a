/** What a scheduler is built from: bands in strict order, guarantees, bounds. */

export interface BandOptions {
  readonly tier: string;
  readonly latency: string;
}

/** A minimum share of the pool for some bands, so that strict order starves nobody. */
export interface GuaranteeOptions {
  readonly label: string;
  /** Share of the pool's supply, 0 to 0.5. */
  readonly share: number;
  /** Indexes of the bands it is for, first served first. */
  readonly bands: readonly number[];
}

/** The most of the pool that some bands may take together. */
export interface CeilingOptions {
  /** Share of the pool's supply, above 0 and below 1. */
  readonly share: number;
  readonly bands: readonly number[];
}

/** What gives way under pressure. */
export interface ReliefOptions {
  /** Pressure from which on it gives way, 0 to 1. */
  readonly act: number;
  /** Pressure below which it no longer does; at most `act`. */
  readonly calm: number;
  /** Bands that are held back: batch that nothing interactive comes after. */
  readonly held: readonly number[];
  /** Bands of the lowest tier alone, whose newcomers are refused rather than queued. */
  readonly refused: readonly number[];
  readonly lowestTier: string;
  /** The lowest tier has a guarantee of its own. */
  readonly keepsLine: boolean;
}

export interface SchedulerOptions {
  /** First served first. */
  readonly bands: readonly BandOptions[];
  readonly guarantees: readonly GuaranteeOptions[];
  /** @default none */
  readonly ceilings?: readonly CeilingOptions[];
  /** @default nothing gives way */
  readonly relief?: ReliefOptions;
  /** Share of a bucket's capacity that only the first band may use. */
  readonly holdback: number;
  /** Share of a meter's capacity that is never spent. */
  readonly margin: number;
  /** Tickets that may wait at the same time. */
  readonly maxWaiting: number;
}

/** At most this many grants leave in one pump, so that no call takes long; the rest follows at once. */
export const GRANTS_PER_PUMP = 256;

/** Heads that are looked at behind a blocked one, per lane and pump. */
export const PROBES_PER_PUMP = 8;
