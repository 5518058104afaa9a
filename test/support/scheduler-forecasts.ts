/**
 * Scheduler forecasts: an open-loop overload, to compare what was foretold with what came.
 *
 * Four tiers under one account with requests and tokens, several tenants each, sizes from 50 to some
 * thousands of tokens, calls of seconds that use less than they reserve, max waits from 2 to 40 s.
 */
import { pick, seeded } from "./gateway-random.ts";
import { bucket, MINUTE, MS, SECOND, T0 } from "./meters.ts";
import { type Job, type JobOptions, SchedulerDriver } from "./scheduler-driver.ts";

export const FORECAST_TIERS = ["critical", "premium", "standard", "free"] as const;
const BANDS = FORECAST_TIERS.map((tier) => ({ tier, latency: "real-time" }));
/** Of the demand, by tier. */
const PARTS = [0.05, 0.15, 0.3, 0.5];
const GUARANTEES = [
  { label: "standard", share: 0.1, bands: [2] },
  { label: "free", share: 0.05, bands: [3] },
];
const TENANTS_PER_TIER = 5;
const TOKENS_PER_SECOND = 20_000;
const REQUESTS_PER_SECOND = 40;
const LONGEST_WAITS = [2, 5, 10, 20, 40].map((seconds) => seconds * SECOND);
/** Until arrivals are known, no forecast can be right. */
const WARM_UP = 20 * SECOND;

interface Overload {
  readonly seed: number;
  /** Times what the pool supplies. @default 3 */
  readonly load?: number;
  /** @default 120 */
  readonly seconds?: number;
}

/** Which tasks only wait: their max wait is not looked at when they come, but ends their wait. */
type OnlyWaits = (task: number) => boolean;

/** The same arrivals for the same seed, whatever becomes of them. Jobs by the order of arrival. */
export function overloaded(
  { seed, load = 3, seconds = 120 }: Overload,
  onlyWaits: OnlyWaits = () => false,
): readonly Job[] {
  const driver = new SchedulerDriver({ bands: BANDS, guarantees: GUARANTEES, holdback: 0.02 });
  const per = MINUTE;
  const path = driver.path(
    bucket({ amount: 60 * REQUESTS_PER_SECOND, per, initialShare: 0 }),
    bucket({ dimension: "tokens", amount: 60 * TOKENS_PER_SECOND, per, initialShare: 0 }),
  );
  const random = seeded(seed);
  const jobs: Job[] = [];
  BANDS.forEach((_, band) => {
    for (let i = 0; i < TENANTS_PER_TIER; i++) {
      const tenant = driver.tenant(`${band}-${i}`, 1 + (i % 3));
      const scale = 200 + 1_200 * random();
      const perSecond = (PARTS[band] * load * TOKENS_PER_SECOND) / TENANTS_PER_TIER / scale;
      for (let at = 0; at < seconds * SECOND; at += exponential(random) * (SECOND / perSecond)) {
        const tokens = Math.min(30_000, 50 + Math.round((scale - 50) * exponential(random)));
        const demand = { requests: 1, tokens };
        const counted = { requests: 1, tokens: Math.round(tokens * (0.8 + 0.2 * random())) };
        const service = Math.round((0.3 + 3 * random()) * SECOND);
        const maxWait = pick(random, LONGEST_WAITS);
        const options = { tenant, path, band, demand, counted, service, maxWait };
        const task = jobs.length;
        jobs.push(undefined as unknown as Job);
        driver.at(T0 + Math.round(at), () => {
          jobs[task] = onlyWaits(task) ? waits(driver, options) : driver.enqueue(options);
        });
      }
    }
  });
  driver.runFor((seconds + 60) * SECOND);
  return jobs;
}

function waits(driver: SchedulerDriver, options: JobOptions): Job {
  const { maxWait = 0 } = options;
  const job = driver.enqueue({ ...options, maxWait: 1_000 * MINUTE });
  driver.at(driver.now + maxWait, () => {
    if (job.state === "waiting") driver.cancel(job);
  });
  return job;
}

function exponential(random: () => number): number {
  return -Math.log(1 - random());
}

/** Tasks that came after the start. */
export function settledIn(jobs: readonly Job[]): Job[] {
  return jobs.filter(({ queuedAt }) => queuedAt - T0 > WARM_UP);
}

/** Real wait / foretold, of those that were granted after more than a second. */
export function forecastRatios(jobs: readonly Job[]): number[] {
  return settledIn(jobs)
    .filter((job) => job.grants > 0 && job.grantedAt - job.queuedAt > SECOND)
    .map((job) => (job.grantedAt - job.queuedAt) / Math.max(job.expectedWait, MS));
}
