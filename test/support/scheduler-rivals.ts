/** Scheduler rivals: tenants of random weights and sizes that compete for one pool, always backlogged. */
import fc from "fast-check";
import type { Path } from "../../src/core/scheduler/path.ts";
import type { Rival, TimedService } from "./fairness.ts";
import { seeded } from "./gateway-random.ts";
import { bucket, MS, SECOND, T0 } from "./meters.ts";
import { SchedulerDriver } from "./scheduler-driver.ts";

/** Tokens and requests a second; a request of 100 tokens costs as much of the one as of the other. */
const TOKENS = 1_000;
const REQUESTS = 10;
const LARGEST = 9_000;
const QUEUED = 2_500;
const HOURS = 1e15;

const rival = fc.record({
  weight: fc.oneof(
    fc.constantFrom(1, 1, 2, 4),
    fc.double({ min: 0.25, max: 8, noNaN: true, noDefaultInfinity: true }),
  ),
  largest: fc.oneof(fc.integer({ min: 1, max: LARGEST }), fc.constantFrom(20, 200, 1_000, LARGEST)),
  /** All of one size, or any up to it, most of them small. */
  isMixed: fc.boolean(),
  joinsAtSecond: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 })),
});

export const pools = fc.record({
  seed: fc.nat(),
  /** Requests are a second meter, which binds those with small requests. */
  hasRequests: fc.boolean(),
  serviceMs: fc.constantFrom(0, 40, 700),
  rivals: fc.array(rival, { minLength: 2, maxLength: 8 }),
});
export type Pool = typeof pools extends fc.Arbitrary<infer T> ? T : never;

export interface Contest {
  readonly services: readonly TimedService[];
  readonly rivals: readonly Rival[];
}

/**
 * `link`: requests leave one at a time, as over a line: whoever's turn it is fits. `bucket`: what
 * the pool supplies is taken at once, so the next in turn often has to wait while others would fit.
 */
export type PoolKind = "link" | "bucket";

export function contestOf(kind: PoolKind, pool: Pool, seconds: number): Contest {
  const driver = new SchedulerDriver();
  const path = pathOf(driver, kind, pool.hasRequests);
  const random = seeded(pool.seed);
  const rivals = pool.rivals.map(({ weight, largest, isMixed, joinsAtSecond }, who) => {
    const from = T0 + joinsAtSecond * SECOND;
    const size = () => Math.max(1, Math.round(largest * (isMixed ? random() ** 2 : 1)));
    const sizes = Array.from({ length: QUEUED }, size);
    const tenant = driver.tenant(`${who}`, weight);
    const service = pool.serviceMs * MS;
    driver.at(from, () => {
      for (const tokens of sizes) {
        const demand = { requests: 1, tokens };
        driver.enqueue({ tenant, path, demand, service, maxWait: HOURS });
      }
    });
    return { weight, from, largest: Math.max(...sizes.map((size) => costOf(path, size))) };
  });
  driver.runFor(seconds * SECOND);
  return contest(driver, path, rivals);
}

function pathOf(driver: SchedulerDriver, kind: PoolKind, hasRequests: boolean): Path {
  // As a line's pace limits, the meters behind it only have to be priced alike.
  const span = kind === "link" ? 1_000 : 10;
  const initialShare = kind === "link" ? 1 : 0;
  const limit = { per: span * SECOND, initialShare };
  const tokens = bucket({ ...limit, dimension: "tokens", amount: TOKENS * span });
  if (kind === "link") tokens.pace = { interval: 0.5 / TOKENS, allowance: 0 };
  if (!hasRequests) return driver.path(tokens);
  return driver.path(bucket({ ...limit, amount: REQUESTS * span }), tokens);
}

/** Seconds of the pool at the meter it asks most of. */
function costOf(path: Path, tokens: number): number {
  return Math.max(tokens / TOKENS, path.meters.length > 1 ? 1 / REQUESTS : 0);
}

function contest(
  driver: SchedulerDriver,
  path: Path,
  rivals: readonly Omit<Rival, "to">[],
): Contest {
  const left = rivals.map(() => QUEUED);
  const to = rivals.map(() => driver.now);
  const services = driver.granted.map((job) => {
    const who = Number(job.options.tenant.id);
    if (--left[who] === 0) to[who] = job.grantedAt;
    return { who, at: job.grantedAt, cost: costOf(path, job.demand.tokens) };
  });
  return { services, rivals: rivals.map((rival, who) => ({ ...rival, to: to[who] })) };
}
