/** Jain: how evenly tenants of one class were served while all of them had work waiting. */
import type { TaskResult } from "../drive/result.ts";
import type { Load, ProviderLimits } from "../load/load.ts";
import { TIERS } from "../load/tiers.ts";
import { classOf } from "./inversions.ts";
import { percentile } from "./percentile.ts";

const LEAST_WINDOW_MS = 10_000;
/** In a window each tenant must be able to be served this many requests of the largest kind. */
const LARGE_REQUESTS = 5;

/** Jain's index of `shares`: 1 when all are equal, 1/n when one has everything. */
export function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares);
}

/**
 * The least index over all classes and windows; null where no window had two tenants with work
 * waiting all the time. Windows follow each other from the start of what is measured. Each lasts 10 s
 * or longer, until its class has been granted five requests of the 99th percentile for each tenant:
 * one request more or less must not look like unfairness.
 */
export function leastJain(results: readonly TaskResult[], load: Load): number | null {
  const classes = Map.groupBy(results, ({ task }) => classOf(task));
  const indexes = [...classes.values()].flatMap((members) => indexesOfClass(members, load));
  return indexes.length === 0 ? null : Math.min(...indexes);
}

function indexesOfClass(members: readonly TaskResult[], load: Load): number[] {
  const tenants = [...Map.groupBy(members, ({ task }) => task.tenant).values()].map((results) =>
    tenantOf(results, load.limits),
  );
  return windowsOf(members, tenants, load).flatMap((window) => {
    const busy = tenants.filter(({ backlog }) => covers(backlog, window));
    if (busy.length < 2) return [];
    return [jainIndex(busy.map(({ grants, weight }) => servedIn(grants, window) / weight))];
  });
}

interface Interval {
  readonly from: number;
  readonly to: number;
}

interface Grant {
  readonly atMs: number;
  /** Pool-seconds at the meter it asks most of. */
  readonly cost: number;
}

interface Tenant {
  readonly weight: number;
  readonly grants: readonly Grant[];
  /** When it had work waiting; in order, apart from each other. */
  readonly backlog: readonly Interval[];
}

function tenantOf(results: readonly TaskResult[], limits: ProviderLimits): Tenant {
  return {
    weight: TIERS[results[0].task.tier].weight,
    grants: results
      .filter(({ wasGranted }) => wasGranted)
      .map(({ task, waitMs }) => ({
        atMs: task.atMs + waitMs,
        cost: poolSeconds(task.cost, limits),
      })),
    backlog: merged(
      results.map(({ task, waitMs }) => ({ from: task.atMs, to: task.atMs + waitMs })),
    ),
  };
}

function poolSeconds(tokens: number, { rpm, tpm }: ProviderLimits): number {
  return 60 * Math.max(tokens / tpm, 1 / rpm);
}

function windowsOf(
  members: readonly TaskResult[],
  tenants: readonly Tenant[],
  { limits, measuredFromMs, seconds }: Load,
): Interval[] {
  const costs = members.map(({ task }) => poolSeconds(task.cost, limits));
  const needed = LARGE_REQUESTS * tenants.length * percentile(costs, 0.99);
  const grants = tenants.flatMap((tenant) => tenant.grants).sort((a, b) => a.atMs - b.atMs);
  const windows: Interval[] = [];
  let from = measuredFromMs;
  let served = 0;
  for (const { atMs, cost } of grants) {
    if (atMs < from) continue;
    if (atMs >= seconds * 1_000) break;
    served += cost;
    if (served < needed || atMs - from < LEAST_WINDOW_MS) continue;
    windows.push({ from, to: atMs });
    from = atMs;
    served = cost; // a window is open at its end
  }
  return windows;
}

function servedIn(grants: readonly Grant[], { from, to }: Interval): number {
  return grants.reduce((sum, { atMs, cost }) => sum + (from <= atMs && atMs < to ? cost : 0), 0);
}

function covers(backlog: readonly Interval[], { from, to }: Interval): boolean {
  return backlog.some((interval) => interval.from <= from && interval.to >= to);
}

/** `intervals` by their start, which is the order of arrival. */
function merged(intervals: readonly Interval[]): Interval[] {
  const whole: Interval[] = [];
  for (const interval of intervals) {
    const last = whole[whole.length - 1];
    if (last !== undefined && interval.from <= last.to) {
      whole[whole.length - 1] = { from: last.from, to: Math.max(last.to, interval.to) };
    } else whole.push(interval);
  }
  return whole;
}
