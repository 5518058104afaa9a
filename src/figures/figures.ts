/** Figures: what a run comes to, in the shape of CONTRACTS 5. */
import type { Load } from "../workload/load.ts";
import { leastJain } from "./jain.ts";
import { percentileOfSorted } from "./percentile.ts";
import type { PolicyFigures, TierFigures } from "./policy-figures.ts";
import type { Standing } from "./standing.ts";
import type { TaskResult } from "./task-result.ts";

/** The provider's books at one moment; all numbers only grow. Of meters: what was charged, what there was. */
export interface Books {
  readonly requests: number;
  readonly refused429: number;
  readonly charged: Readonly<Record<string, number>>;
  readonly available: Readonly<Record<string, number>>;
}

/** The provider's books at three moments. */
export interface ProviderBooks {
  readonly atWindowStart: Books;
  readonly atWindowEnd: Books;
  readonly atEnd: Books;
}

export interface PolicyRun {
  readonly results: readonly TaskResult[];
  readonly books: ProviderBooks;
  readonly inversions: number;
}

export interface Judgement {
  /** Names of the tiers, first served first. */
  readonly tiers: readonly string[];
  readonly standing: Standing;
}

export function figuresOf(
  { results, books, inversions }: PolicyRun,
  load: Pick<Load, "measuredFromMs" | "seconds">,
  { tiers, standing }: Judgement,
): PolicyFigures {
  return {
    upstream429: books.atEnd.refused429,
    upstreamRequests: books.atEnd.requests,
    budgetUsed: round(budgetUsed(books.atWindowStart, books.atWindowEnd), 4),
    jain: round(leastJain(results, load, standing) ?? 1, 4),
    inversions,
    tiers: tierFigures(results, load.measuredFromMs, tiers),
  };
}

/**
 * Demand exceeds supply all the time, so the use of the meter that binds is what was made of the
 * supply. At most 1: what was left over from before is not supply of this time.
 */
export function budgetUsed(
  before: Pick<Books, "charged" | "available">,
  after: Pick<Books, "charged" | "available">,
): number {
  const uses = Object.keys(after.charged).map((meter) => {
    const charged = after.charged[meter] - before.charged[meter];
    const available = after.available[meter] - before.available[meter];
    return available > 0 ? charged / available : 0;
  });
  return Math.min(1, Math.max(0, ...uses));
}

function tierFigures(
  results: readonly TaskResult[],
  measuredFromMs: number,
  tiers: readonly string[],
): Record<string, TierFigures> {
  const byTier: TaskResult[][] = tiers.map(() => []);
  for (const result of results) {
    if (result.task.atMs >= measuredFromMs) byTier[result.task.tier].push(result);
  }
  return Object.fromEntries(tiers.map((name, tier) => [name, figuresOfTier(byTier[tier])]));
}

function figuresOfTier(results: readonly TaskResult[]): TierFigures {
  const refused: Record<string, number> = {};
  let ok = 0;
  let failed = 0;
  for (const { outcome } of results) {
    if (outcome.kind === "ok") ok++;
    else if (outcome.kind === "failed") failed++;
    else refused[outcome.code] = (refused[outcome.code] ?? 0) + 1;
  }
  const waits = sortedWaits(results);
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

/** Waits of all that were not refused on arrival, shortest first, milliseconds. */
export function sortedWaits(results: readonly TaskResult[]): Float64Array {
  const waits = results
    .filter(({ outcome }) => outcome.kind !== "refused" || !outcome.isAtOnce)
    .map(({ waitMs }) => waitMs);
  return Float64Array.from(waits).sort();
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
