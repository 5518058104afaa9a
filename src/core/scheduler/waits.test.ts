import { describe, expect, test } from "vitest";
import { bucket, MINUTE, MS, SECOND, slots, T0 } from "../../../test/support/meters.ts";
import { type Job, numbersOf, SchedulerDriver } from "../../../test/support/scheduler-driver.ts";

/** A wait may end so much before its time. */
const SLOT = 8 * MS;

/** A full slot, so that whatever is queued waits for ever, though it may hope. */
function blocked() {
  const driver = new SchedulerDriver();
  const path = driver.path(slots(1));
  const tenant = driver.tenant("acme");
  const holder = driver.submit({ tenant, path, service: null });
  return { driver, path, tenant, holder };
}

describe("the end of a wait", () => {
  test.each([1_500, 2_000, 10_000, 40_000, 700_000])("of %d ms comes once, in time", (waitMs) => {
    const { driver, path, tenant } = blocked();
    driver.runFor(123_457);
    const job = driver.submit({ tenant, path, maxWait: waitMs * MS });
    driver.runFor(1_000 * SECOND);
    expect(numbersOf(driver.expired)).toEqual(numbersOf([job]));
    expect(job.endedAt).toBeLessThanOrEqual(job.expiresAt);
    expect(job.endedAt).toBeGreaterThanOrEqual(job.expiresAt - SLOT);
    expect(driver.scheduler.waiting).toBe(0);
  });

  test("an expired ticket is neither granted, cancelled nor settled afterwards", () => {
    const { driver, path, tenant, holder } = blocked();
    const job = driver.submit({ tenant, path, maxWait: 2 * SECOND });
    driver.runFor(3 * SECOND);
    expect(driver.cancel(job)).toBe(false);
    expect(driver.settle(job)).toBe(false);
    driver.settle(holder);
    driver.runFor(MINUTE);
    expect(job.state).toBe("expired");
    expect(numbersOf(driver.granted)).toEqual(numbersOf([holder]));
  });

  test.each([0, 1, 3 * MS, SLOT - 1, SLOT, 12 * MS])(
    "a request that may wait only %d us is granted at once when there is room",
    (maxWait) => {
      for (const pause of [0, 1, 5 * MS, SECOND, MINUTE + 3]) {
        const driver = new SchedulerDriver();
        const path = driver.path(bucket({ amount: 10 }));
        driver.runFor(pause);
        const job = driver.submit({ tenant: driver.tenant("acme"), path, maxWait });
        expect(job.state).toBe("running");
      }
    },
  );

  test("a crowd that may not wait at all is granted whole when there is room for it", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 1_000 }));
    const jobs = driver.enqueueMany(600, { tenant: driver.tenant("acme"), path, maxWait: 0 });
    driver.runFor(MS);
    expect(jobs.every((job) => job.state === "settled" && job.grantedAt === T0)).toBe(true);
  });

  test("a request that may not wait and finds no room is over at once", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 1 }));
    const options = { tenant: driver.tenant("acme"), path, maxWait: 0 };
    const [first, second] = driver.enqueueMany(2, options);
    driver.pump();
    expect(first.state).toBe("running");
    expect(second.state === "expired" || second.state === "refused").toBe(true);
  });

  test("no wait in a crowd outlives its maximum", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 5, initialShare: 0 }));
    for (let i = 0; i < 200; i++) {
      const tenant = driver.tenant(`tenant-${i % 10}`);
      const maxWait = 3 * SECOND + i * 7_919;
      driver.at(T0 + i * 31 * MS, () => driver.enqueue({ tenant, path, maxWait }));
    }
    driver.runFor(MINUTE);
    const ends = driver.jobs.map((job) => (job.state === "settled" ? job.grantedAt : job.endedAt));
    for (const job of driver.jobs) {
      if (job.state === "refused") continue;
      expect(["settled", "expired"]).toContain(job.state);
      expect(ends[job.number]).toBeLessThanOrEqual(job.expiresAt);
    }
    expect(driver.granted.length).toBeGreaterThan(20);
  });

  test("a retry's wait ends in time although it may not compete yet", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 10 }));
    const tenant = driver.tenant("acme");
    const job = driver.submit({ tenant, path, service: null, maxWait: 2 * SECOND });
    driver.retry(job, { requests: 1 }, MINUTE);
    driver.runFor(2 * MINUTE);
    expect(job.state).toBe("expired");
    expect(job.endedAt).toBeLessThanOrEqual(job.expiresAt);
  });

  test("a retry with its last milliseconds left is granted when there is room", () => {
    for (const pause of [0, 1, 5 * MS, 7_999]) {
      const driver = new SchedulerDriver();
      const path = driver.path(bucket({ amount: 10 }));
      driver.runFor(SECOND + pause);
      const tenant = driver.tenant("acme");
      const job = driver.submit({ tenant, path, service: null, maxWait: 2 * MS });
      driver.retry(job, { requests: 1 });
      expect(job.grants).toBe(2);
    }
  });

  test("a request that comes too late is over at once, whatever its tenant's quota", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 10 }));
    const tenant = driver.tenant("acme", 1, [bucket({ amount: 10 })]);
    const job = driver.submit({ tenant, path, maxWait: -5 * MS });
    expect([job.state, job.grants]).toEqual(["expired", 0]);
  });

  test("nobody is sent after the end of its wait, however late the pump comes", () => {
    const { driver, path, tenant, holder } = blocked();
    const job = driver.submit({ tenant, path, maxWait: 2 * SECOND });
    driver.now = job.expiresAt + 1;
    driver.settle(holder);
    expect(job.state).toBe("expired");
  });
});

describe("cancelling", () => {
  test("takes a waiting ticket out, once", () => {
    const { driver, path, tenant, holder } = blocked();
    const job = driver.submit({ tenant, path });
    expect(driver.scheduler.waiting).toBe(1);
    expect(driver.cancel(job)).toBe(true);
    expect(driver.cancel(job)).toBe(false);
    expect(driver.scheduler.waiting).toBe(0);
    driver.settle(holder);
    driver.runFor(MINUTE);
    expect(numbersOf(driver.granted)).toEqual(numbersOf([holder]));
  });

  test("does nothing to a ticket that was granted, or to the one that got its row", () => {
    const { driver, path, tenant, holder } = blocked();
    expect(driver.cancel(holder)).toBe(false);
    driver.settle(holder);
    const next = driver.submit({ tenant, path, service: null });
    expect(driver.scheduler.cancel(holder.handle)).toBe(false);
    expect(driver.scheduler.settle(holder.handle, holder.demand, driver.now)).toBe(false);
    expect(next.state).toBe("running");
    expect(driver.scheduler.running).toBe(1);
  });

  test("of a blocked head lets those behind it go", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ dimension: "tokens", amount: 1_000, initialShare: 0 }));
    const tenant = driver.tenant("acme");
    const head = driver.submit({ tenant, path, demand: { tokens: 1_000 } });
    const next = driver.submit({ tenant, path, demand: { tokens: 100 } });
    driver.runFor(500 * MS);
    driver.cancel(head);
    expect(next.grantedAt).toBe(T0 + 500 * MS);
  });

  test("drain takes everything out in the order of arrival and leaves nothing behind", () => {
    const { driver, path, tenant } = blocked();
    const other = driver.tenant("other");
    const jobs = [tenant, other, tenant, other].map((owner) =>
      driver.submit({ tenant: owner, path }),
    );
    expect(numbersOf(driver.scheduler.drain() as Job[])).toEqual(numbersOf(jobs));
    expect(driver.scheduler.waiting).toBe(0);
    expect(driver.scheduler.pump(driver.now).wakeAt).toBe(Number.POSITIVE_INFINITY);
  });
});
