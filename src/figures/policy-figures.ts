/** Policy figures: what one policy's run comes to, as CONTRACTS 5 prints it. */

export interface TierFigures {
  /** Tasks that arrived in the measured window. */
  readonly count: number;
  readonly ok: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly fallback: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Of every task that was not refused on arrival; who gave up, counts with the wait until then. */
  readonly waitMs: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
}

export interface PolicyFigures {
  /** Over the whole run, its warm-up too. */
  readonly upstream429: number;
  readonly upstreamRequests: number;
  /** In the measured window: charged over made available, by the meter that bound most. */
  readonly budgetUsed: number;
  /** 1 too where no two tenants had work waiting long enough to be compared. */
  readonly jain: number;
  readonly inversions: number;
  readonly tiers: Readonly<Record<string, TierFigures>>;
}
