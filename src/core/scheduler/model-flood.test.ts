/** A model at its limit does not slow another one: SPEC S4. */
import { describe, expect, test } from "vitest";
import { seeded } from "../../../test/support/gateway-random.ts";
import { bucket, MINUTE, MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { type JobOptions, SchedulerDriver } from "../../../test/support/scheduler-driver.ts";

const BANDS = ["premium", "free"].map((tier) => ({ tier, latency: "real-time" }));
const DURATION = 5 * MINUTE;

interface Flood {
  /** Times what gpt-5 can serve. */
  readonly load: number;
  readonly band: number;
}

/**
 * gpt-5 and gpt-5-mini behind one account with room for both; mini at its own limit, so that
 * it has waits to lengthen. Its arrivals are drawn from a seed of their own: the same in every run.
 */
function waitsOfMini(seed: number, flood: Flood): number[] {
  const driver = new SchedulerDriver({ bands: BANDS });
  const account = [
    bucket({ amount: 12_000, per: MINUTE }),
    bucket({ dimension: "tokens", amount: 12_000_000, per: MINUTE }),
  ];
  const model = (selector: string, tokens: number) =>
    driver.path(
      ...account,
      bucket({ amount: 6_000, per: MINUTE, selector }),
      bucket({ dimension: "tokens", amount: tokens, per: MINUTE, selector, initialShare: 0 }),
    );
  const mini = model("model:gpt-5-mini", 1_200_000);
  const large = model("model:gpt-5", 1_800_000);
  const tenants = Array.from({ length: 10 }, (_, i) => driver.tenant(`${i}`, 1 + (i % 3)));
  const send = (random: () => number, perSecond: number, options: Omit<JobOptions, "tenant">) => {
    for (let at = 0; at < DURATION; at += (-Math.log(1 - random()) * SECOND) / perSecond) {
      const tenant = tenants[Math.floor(random() * tenants.length)];
      const tokens = Math.round(200 + 1_600 * random());
      const job = { ...options, tenant, demand: { requests: 1, tokens }, service: 800 * MS };
      driver.at(T0 + Math.round(at), () => driver.enqueue(job));
    }
  };
  send(seeded(seed), 20, { path: mini, band: 1, maxWait: MINUTE });
  if (flood.load > 0) {
    send(seeded(seed + 1), 30 * flood.load, {
      path: large,
      band: flood.band,
      maxWait: 20 * SECOND,
    });
  }
  driver.runFor(DURATION + MINUTE);
  const own = driver.jobs.filter(({ options }) => options.path === mini);
  expect(own.every((job) => job.state === "settled")).toBe(true);
  return own.map((job) => job.grantedAt - job.queuedAt).sort((a, b) => a - b);
}

function p99(sorted: readonly number[]): number {
  return sorted[Math.ceil(0.99 * sorted.length) - 1];
}

describe("gpt-5 at ten times its limit changes gpt-5-mini's p99 wait by less than 10 %", () => {
  test.each([
    { seed: 1, band: 0, whose: "with a flood of a higher band" },
    { seed: 2, band: 1, whose: "with a flood of the same band and tenants" },
  ])("$whose (seed $seed)", ({ seed, band }) => {
    const alone = p99(waitsOfMini(seed, { load: 0, band }));
    const beside = p99(waitsOfMini(seed, { load: 10, band }));
    expect(alone).toBeGreaterThan(100 * MS);
    expect(Math.abs(beside / alone - 1)).toBeLessThan(0.1);
  });
});
