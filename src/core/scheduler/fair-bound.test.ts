/**
 * The bound of start-time fair queueing, for every pair of tenants and every interval in which both
 * are backlogged: |W_f/w_f - W_m/w_m| <= l_f/w_f + l_m/w_m (Goyal 1996, theorem 1).
 *
 * Over several meters W and l are dominant costs, request by request: what DRFQ without memory
 * (Ghodsi 2012) keeps the theorem for. A line keeps it to the letter. In a bucket large requests are
 * passed while they wait, which doubles it; nothing else does, however many tenants come and go.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BYPASS_BOUND,
  leastJain,
  type PairBound,
  SFQ_BOUND,
  worstOfBacklogged,
} from "../../../test/support/fairness.ts";
import { SECOND } from "../../../test/support/meters.ts";
import {
  contestOf,
  type Pool,
  type PoolKind,
  pools,
} from "../../../test/support/scheduler-rivals.ts";
import { longRuns } from "../../../test/support/scheduler-runs.ts";

/** Tags are whole nanoseconds, of thousands of requests. */
const ROUNDING = 1 + 1e-4;

/**
 * What is left of a head's bound fits only the smallest requests: it was once for them, however
 * long before them somebody else had come to his turn.
 */
const REMAINDER: Pool = {
  seed: 0,
  hasRequests: false,
  serviceMs: 0,
  rivals: [
    { weight: 1, largest: 20, isMixed: false, joinsAtSecond: 0 },
    { weight: 0.25, largest: 1, isMixed: false, joinsAtSecond: 0 },
    { weight: 0.31956523788516206, largest: 1, isMixed: true, joinsAtSecond: 0 },
    { weight: 0.36338235288728366, largest: 1_000, isMixed: true, joinsAtSecond: 0 },
  ],
};

describe("no pair of backlogged tenants drifts apart, in any interval", () => {
  test.each<{ kind: PoolKind; bound: PairBound; name: string }>([
    { kind: "link", bound: SFQ_BOUND, name: "by more than their two largest requests" },
    {
      kind: "bucket",
      bound: BYPASS_BOUND,
      name: "nor by more than twice that where heads are passed",
    },
  ])("$name", ({ kind, bound }) => {
    fc.assert(
      fc.property(pools, (pool) => {
        const { services, rivals } = contestOf(kind, pool, 120);
        expect(worstOfBacklogged(services, rivals, bound)).toBeLessThanOrEqual(ROUNDING);
      }),
      { ...longRuns(30), examples: [[REMAINDER]] },
    );
  });
});

describe("Jain's index of weighted dominant share", () => {
  test.each<PoolKind>(["link", "bucket"])("is at least 0.99 in every 10 s: %s", (kind) => {
    fc.assert(
      fc.property(pools, (pool) => {
        const { services, rivals } = contestOf(kind, withSmallRequests(pool), 60);
        expect(leastJain(services, rivals, 10 * SECOND)).toBeGreaterThanOrEqual(0.99);
      }),
      longRuns(6),
    );
  });
});

/**
 * So small that a window holds many of each tenant's: in windows of only five requests a tenant
 * even the perfect order of a line has 0.95, because one request more or less is a fifth.
 */
function withSmallRequests(pool: Pool): Pool {
  const rivals = pool.rivals.map(({ weight, largest, ...rest }) => {
    const tierWeight = weight < 1 ? 1 : Math.min(4, Math.floor(weight));
    return { ...rest, weight: tierWeight, largest: Math.ceil(largest / 600) };
  });
  return { ...pool, hasRequests: false, rivals };
}
