/** Wind-up: neither credit nor debt may grow without bound while a tenant has less than its share, or more. */
import { describe, expect, test } from "vitest";
import { bucket, MINUTE, SECOND, slots, T0 } from "../../../test/support/meters.ts";
import {
  type Job,
  type JobOptions,
  SchedulerDriver,
} from "../../../test/support/scheduler-driver.ts";
import type { Tenant } from "./tenant.ts";

function tokens(amount: number, per: number) {
  return bucket({ dimension: "tokens", amount, per, initialShare: 0 });
}

/** Each of them sends again as soon as its call has ended. */
function threads(driver: SchedulerDriver, options: JobOptions): (count: number) => void {
  const jobs: Job[] = [];
  const { afterPump } = driver;
  driver.afterPump = () => {
    afterPump();
    jobs.forEach((job, i) => {
      if (job.state !== "settled") return;
      jobs[i] = driver.enqueue(options);
      driver.at(driver.now, () => {}); // whatever happens is followed by a pump
    });
  };
  return (count) => {
    for (let i = 0; i < count; i++) jobs.push(driver.enqueue(options));
    driver.pump();
  };
}

function grantsOf(driver: SchedulerDriver, tenant: Tenant, from: number, to = driver.now): number {
  return driver.granted.filter(
    (job) => job.options.tenant === tenant && job.grantedAt >= from && job.grantedAt < to,
  ).length;
}

describe("Kubernetes issue 95979, as its fix 95986 tests it", () => {
  test("three seats, two threads against one, then two against two: half of the seats each at once", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(slots(3));
    const [busy, modest] = [driver.tenant("busy"), driver.tenant("modest")];
    const [startBusy, startModest] = [busy, modest].map((tenant) =>
      threads(driver, { tenant, path, service: SECOND }),
    );
    startBusy(2);
    startModest(1);
    driver.runFor(10 * MINUTE);
    expect([busy, modest].map((tenant) => grantsOf(driver, tenant, T0))).toEqual([1_200, 600]);
    startModest(1);
    for (let second = 0; second < 60; second += 20) {
      const from = driver.now;
      driver.runFor(20 * SECOND);
      for (const tenant of [busy, modest]) {
        expect(Math.abs(grantsOf(driver, tenant, from) - 30)).toBeLessThanOrEqual(1);
      }
    }
  });
});

describe("a tenant that always has work waiting but is held back by its own limit", () => {
  test.each([
    { name: "by its rate", own: () => bucket({ amount: 10, initialShare: 0 }) },
    { name: "by its slots", own: () => slots(1, "tenant") },
  ])("comes back without credit and without debt: $name", ({ own }) => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 100, initialShare: 0 }));
    const limit = own();
    const held = driver.tenant("held", 1, [limit]);
    const free = driver.tenant("free");
    for (const tenant of [held, free]) {
      driver.enqueueMany(300, { tenant, path, service: SECOND / 10, isRepeated: true });
    }
    driver.runFor(10 * MINUTE);
    expect(grantsOf(driver, held, T0)).toBeLessThanOrEqual(6_001);
    limit.resize(1_000_000_000, SECOND, driver.now);
    driver.scheduler.tenantFreed(held, driver.now);
    for (let second = 0; second < 5; second++) {
      const from = driver.now;
      driver.runFor(SECOND);
      expect(Math.abs(grantsOf(driver, held, from) - 50)).toBeLessThanOrEqual(1);
    }
  });
});

describe("the guard against wind-up", () => {
  test.each([
    { counted: 10_000, why: "as estimated" },
    { counted: 19_000, why: "nearly twice the estimate" },
    { counted: 4_000, why: "much less than estimated" },
  ])("forgives nothing to one that sends nothing but the largest request: $why", ({ counted }) => {
    const driver = new SchedulerDriver();
    const path = driver.path(tokens(10_000, 10 * SECOND));
    const [large, small] = [driver.tenant("large", 1), driver.tenant("small", 3)];
    const options = { path, isRepeated: true };
    const demand = { tokens: 10_000 };
    driver.enqueueMany(2, { ...options, tenant: large, demand, counted: { tokens: counted } });
    driver.enqueueMany(200, { ...options, tenant: small, demand: { tokens: 100 } });
    driver.runFor(120 * MINUTE);
    const ofLarge = grantsOf(driver, large, T0) * counted;
    const ofSmall = grantsOf(driver, small, T0) * 100;
    expect(ofLarge / (ofLarge + ofSmall)).toBeGreaterThan(0.24);
    expect(ofLarge / (ofLarge + ofSmall)).toBeLessThan(0.26);
  });

  test("ends a debt of many grave misestimates after twice what the meter holds", () => {
    const driver = new SchedulerDriver();
    const meter = bucket({ dimension: "tokens", amount: 1_000, per: SECOND });
    const path = driver.path(meter);
    const [unlucky, other] = [driver.tenant("unlucky"), driver.tenant("other")];
    const demand = { tokens: 10 };
    const wrong = { tenant: unlucky, path, demand, counted: { tokens: 100_000 } };
    driver.enqueueMany(20, { ...wrong, service: SECOND });
    driver.runFor(SECOND);
    meter.adjust(10_000_000_000_000, driver.now); // the provider has forgiven it
    for (const tenant of [other, unlucky]) {
      driver.enqueueMany(400, { tenant, path, demand, isRepeated: true });
    }
    const from = driver.now;
    driver.runFor(10 * SECOND);
    const first = driver.granted.find((job) => {
      return job.options.tenant === unlucky && job.grantedAt >= from;
    });
    const most = (2 * meter.capacity * SECOND) / 1_000_000_000;
    expect((first?.grantedAt ?? Number.NaN) - from).toBeLessThanOrEqual(most);
    expect(grantsOf(driver, unlucky, from + 5 * SECOND)).toBeGreaterThanOrEqual(248);
  });
});
