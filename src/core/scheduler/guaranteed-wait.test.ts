import { describe, expect, test } from "vitest";
import { bucket, SECOND } from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";

const BANDS = ["critical", "free"].map((tier) => ({ tier, latency: "real-time" }));
const FREE = { label: "free", share: 0.1, bands: [1] };

/** For a minute the first band asks for twice what there is. */
function overloaded() {
  const driver = new SchedulerDriver({ bands: BANDS, guarantees: [FREE] });
  const path = driver.path(bucket({ dimension: "tokens", amount: 100, initialShare: 0 }));
  const tenant = driver.tenant("loud");
  for (let second = 0; second < 60; second++) {
    driver.at(driver.now + second * SECOND, () => {
      driver.enqueueMany(20, { tenant, path, band: 0, demand: { tokens: 10 }, maxWait: 1e12 });
    });
  }
  driver.runFor(20 * SECOND);
  return { driver, path };
}

describe("a guaranteed band under a band that takes all", () => {
  test("is not told that it is hopeless: its share comes in time", () => {
    const { driver, path } = overloaded();
    const job = driver.submit({
      tenant: driver.tenant("quiet"),
      path,
      band: 1,
      demand: { tokens: 10 },
      maxWait: 5 * SECOND,
    });
    expect(job.refusal).toBeNull();
    expect(job.expectedWait).toBeLessThanOrEqual(1.1 * SECOND);
    driver.runFor(2 * SECOND);
    expect(job.grantedAt - job.queuedAt).toBeLessThanOrEqual(1.2 * SECOND);
  });

  test("is told so when its own queue would take its share for longer than it can wait", () => {
    const { driver, path } = overloaded();
    const options = { path, band: 1, demand: { tokens: 10 }, maxWait: 5 * SECOND };
    const tenant = driver.tenant("quiet");
    const jobs = driver.enqueueMany(8, { ...options, tenant });
    expect(jobs.map(({ refusal }) => refusal?.code)).toEqual([
      ...new Array(5).fill(undefined),
      ...new Array(3).fill("max_wait_exceeded"),
    ]);
  });
});
