/** Figures: what a run comes to, in the shape of CONTRACTS 5. */
import type { MockStats } from "../../mock/index.ts";
import type { TaskResult } from "../drive/result.ts";
import type { Load } from "../load/load.ts";
import { TIERS } from "../load/tiers.ts";
import { leastJain } from "./jain.ts";
import { percentileOfSorted } from "./percentile.ts";

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

/** The provider's books at three moments. */
export interface ProviderBooks {
  readonly atWindowStart: MockStats;
  readonly atWindowEnd: MockStats;
  readonly atEnd: MockStats;
}

export interface PolicyRun {
  readonly results: readonly TaskResult[];
  readonly books: ProviderBooks;
  readonly inversions: number;
}

export function figuresOf({ results, books, inversions }: PolicyRun, load: Load): PolicyFigures {
  return {
    upstream429: books.atEnd.refused429,
    upstreamRequests: books.atEnd.requests,
    budgetUsed: round(budgetUsed(books.atWindowStart, books.atWindowEnd), 4),
    jain: round(leastJain(results, load) ?? 1, 4),
    inversions,
    tiers: tierFigures(results, load),
  };
}

/**
 * Demand exceeds supply all the time, so the use of the meter that binds is what was made of the
 * supply. At most 1: what was left over from before is not supply of this time.
 */
export function budgetUsed(
  before: Pick<MockStats, "charged" | "available">,
  after: Pick<MockStats, "charged" | "available">,
): number {
  const uses = Object.keys(after.charged).map((meter) => {
    const charged = after.charged[meter] - before.charged[meter];
    const available = after.available[meter] - before.available[meter];
    return available > 0 ? charged / available : 0;
  });
  return Math.min(1, Math.max(0, ...uses));
}

function tierFigures(results: readonly TaskResult[], load: Load): Record<string, TierFigures> {
  const measured = results.filter(({ task }) => task.atMs >= load.measuredFromMs);
  return Object.fromEntries(
    TIERS.map(({ name }, tier) => [
      name,
      figuresOfTier(measured.filter(({ task }) => task.tier === tier)),
    ]),
  );
}

function figuresOfTier(results: readonly TaskResult[]): TierFigures {
  const refused: Record<string, number> = {};
  const waits: number[] = [];
  let ok = 0;
  let failed = 0;
  for (const { outcome, waitMs } of results) {
    if (outcome.kind === "ok") ok++;
    else if (outcome.kind === "failed") failed++;
    else refused[outcome.code] = (refused[outcome.code] ?? 0) + 1;
    if (outcome.kind !== "refused" || !outcome.isAtOnce) waits.push(waitMs);
  }
  waits.sort((a, b) => a - b);
  const waitAt = (share: number) => round(percentileOfSorted(waits, share), 1);
  return {
    count: results.length,
    ok,
    failed,
    cancelled: 0,
    fallback: 0,
    refused,
    waitMs: { p50: waitAt(0.5), p95: waitAt(0.95), p99: waitAt(0.99), max: waitAt(1) },
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
