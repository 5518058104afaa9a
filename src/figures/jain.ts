/** Jain: how evenly tenants of one class were served while all of them had work waiting. */
import type { Load } from "../workload/load.ts";
import { percentile } from "./percentile.ts";
import { type MeterCost, poolSecondsOf, type Standing } from "./standing.ts";
import type { TaskResult } from "./task-result.ts";

const LEAST_WINDOW_MS = 10_000;
/** In a window each tenant must be able to be served this many requests of the largest kind. */
const LARGE_REQUESTS = 5;

type Measured = Pick<Load, "measuredFromMs" | "seconds">;

/** A window of one class in which at least two tenants had work waiting all the time. */
export interface JainWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly index: number;
}

/** Jain's index of `shares`: 1 when all are equal, 1/n when one has everything. */
export function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares);
}

/** The least index over all classes and windows; null where there was no window to compare in. */
export function leastJain(
  results: readonly TaskResult[],
  load: Measured,
  standing: Standing,
): number | null {
  const windows = jainWindows(results, load, standing);
  return windows.reduce<number | null>((least, { index }) => Math.min(least ?? 1, index), null);
}

/**
 * Windows follow each other from the start of what is measured. Each lasts 10 s or longer, until
 * its class has been granted five requests of the 99th percentile for each tenant, by the tenant
 * that asks for most at once: one request more or less must not look like unfairness.
 */
export function jainWindows(
  results: readonly TaskResult[],
  load: Measured,
  standing: Standing,
): JainWindow[] {
  const classes = Map.groupBy(results, ({ task }) => standing.bandOf(task));
  return [...classes.values()].flatMap((members) => windowsOfClass(members, load, standing));
}

function windowsOfClass(
  members: readonly TaskResult[],
  load: Measured,
  standing: Standing,
): JainWindow[] {
  const byTenant = Map.groupBy(members, ({ task }) => task.tenant);
  const tenants = [...byTenant.values()].map((results) => tenantOf(results, standing));
  return windowsOf(members, tenants, load, standing).flatMap((window) => {
    const busy = tenants.filter((tenant) => covers(tenant, window));
    if (busy.length < 2) return [];
    const index = jainIndex(busy.map((tenant) => servedIn(tenant, window) / tenant.weight));
    return [{ fromMs: window.from, toMs: window.to, index }];
  });
}

interface Interval {
  readonly from: number;
  readonly to: number;
}

interface Grant {
  readonly atMs: number;
  readonly costs: readonly MeterCost[];
  /** The largest of them. */
  readonly poolSeconds: number;
}

interface Tenant {
  readonly weight: number;
  /** In the order of their time. */
  readonly grants: readonly Grant[];
  /** When it had work waiting; in order, apart from each other. */
  readonly backlog: readonly Interval[];
  /** Places in `grants` and `backlog`: windows are asked for in order. */
  nextGrant: number;
  nextInterval: number;
}

function tenantOf(results: readonly TaskResult[], standing: Standing): Tenant {
  const grants = results
    .filter(({ wasGranted }) => wasGranted)
    .map(({ task, waitMs }) => ({
      atMs: task.atMs + waitMs,
      costs: standing.costsOf(task),
      poolSeconds: poolSecondsOf(task, standing),
    }));
  return {
    weight: standing.weightOf(results[0].task),
    grants: grants.sort((a, b) => a.atMs - b.atMs),
    backlog: merged(
      results.map(({ task, waitMs }) => ({ from: task.atMs, to: task.atMs + waitMs })),
    ),
    nextGrant: 0,
    nextInterval: 0,
  };
}

function windowsOf(
  members: readonly TaskResult[],
  tenants: readonly Tenant[],
  { measuredFromMs, seconds }: Measured,
  standing: Standing,
): Interval[] {
  const needed = LARGE_REQUESTS * tenants.length * largestRequest(members, standing);
  const grants = tenants.flatMap((tenant) => tenant.grants).sort((a, b) => a.atMs - b.atMs);
  const windows: Interval[] = [];
  let from = measuredFromMs;
  let served = 0;
  for (const { atMs, poolSeconds } of grants) {
    if (atMs < from) continue;
    if (atMs >= seconds * 1_000) break;
    served += poolSeconds;
    if (served < needed || atMs - from < LEAST_WINDOW_MS) continue;
    windows.push({ from, to: atMs });
    from = atMs;
    served = poolSeconds; // a window is open at its end
  }
  return windows;
}

/** The 99th percentile of the tenant whose requests are largest: quieter ones would hide it among the others'. */
function largestRequest(members: readonly TaskResult[], standing: Standing): number {
  const byTenant = Map.groupBy(members, ({ task }) => task.tenant);
  const large = [...byTenant.values()].map((results) =>
    percentile(
      results.map(({ task }) => poolSecondsOf(task, standing)),
      0.99,
    ),
  );
  return Math.max(0, ...large);
}

/**
 * The dominant share: what it had of the meter of which it had most. Not the sum of what each
 * request asked most of: that would charge a tenant of mixed requests for two meters at once.
 */
function servedIn(tenant: Tenant, { from, to }: Interval): number {
  const { grants } = tenant;
  const served: number[] = [];
  for (; tenant.nextGrant < grants.length; tenant.nextGrant++) {
    const { atMs, costs } = grants[tenant.nextGrant];
    if (atMs >= to) break;
    if (atMs < from) continue;
    for (const { meter, seconds } of costs) served[meter] = (served[meter] ?? 0) + seconds;
  }
  return served.reduce((most, seconds) => Math.max(most, seconds), 0);
}

function covers(tenant: Tenant, { from, to }: Interval): boolean {
  const { backlog } = tenant;
  while (tenant.nextInterval < backlog.length && backlog[tenant.nextInterval].to < to) {
    tenant.nextInterval++;
  }
  return tenant.nextInterval < backlog.length && backlog[tenant.nextInterval].from <= from;
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
