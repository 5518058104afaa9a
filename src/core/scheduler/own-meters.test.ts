import { describe, expect, test } from "vitest";
import {
  bucket,
  fixedWindow,
  HOUR,
  MINUTE,
  MS,
  SECOND,
  slots,
  T0,
} from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";

describe("a tenant's own meters", () => {
  test("park only that tenant; the others have the pool", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 100, initialShare: 0 }));
    const capped = driver.tenant("capped", 100, [bucket({ amount: 5, initialShare: 0 })]);
    const other = driver.tenant("other");
    for (const tenant of [capped, other]) driver.enqueueMany(9, { tenant, path, isRepeated: true });
    driver.runFor(20 * SECOND);
    const ofCapped = driver.granted.filter((job) => job.options.tenant === capped).length;
    expect(ofCapped).toBe(100);
    expect(driver.granted).toHaveLength(2_000);
  });

  test("slots of its own are given to its next request when one comes back", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 1_000 }));
    const tenant = driver.tenant("capped", 1, [slots(2)]);
    driver.enqueueMany(6, { tenant, path, service: 100 * MS });
    driver.runFor(SECOND);
    expect(driver.granted.map((job) => job.grantedAt - T0)).toEqual(
      [0, 0, 100, 100, 200, 200].map((ms) => ms * MS),
    );
  });

  test("freed elsewhere, it is told", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 1_000 }));
    const own = slots(1);
    const tenant = driver.tenant("capped", 1, [own]);
    own.debit(1_000_000, T0);
    const job = driver.submit({ tenant, path });
    driver.runFor(SECOND);
    expect(job.state).toBe("waiting");
    own.credit(1_000_000, T0, driver.now);
    driver.scheduler.tenantFreed(tenant, driver.now);
    driver.pump();
    expect(job.state).toBe("running");
  });

  test("used up elsewhere, it is told: who would wait in vain is refused, who can wait waits", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 1_000, initialShare: 0 }));
    const own = fixedWindow({ amount: 2, per: HOUR });
    const tenant = driver.tenant("capped", 1, [own]);
    const short = driver.submit({ tenant, path, maxWait: MINUTE });
    const long = driver.submit({ tenant, path, maxWait: 2 * HOUR });
    own.debit(2_000_000, T0);
    driver.scheduler.tenantDrained(own, driver.now);
    driver.pump();
    expect([short.state, long.state]).toEqual(["expired", "waiting"]);
  });

  test("parked, it gathers no credit: it comes back level with the others", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 100, initialShare: 0 }));
    const own = bucket({ amount: 1_000 });
    own.frozenUntil = T0 + MINUTE;
    const parked = driver.tenant("parked", 1, [own]);
    const other = driver.tenant("other");
    for (const tenant of [parked, other]) driver.enqueueMany(9, { tenant, path, isRepeated: true });
    driver.runFor(70 * SECOND);
    const since = driver.granted.filter((job) => job.grantedAt > T0 + MINUTE);
    const ofParked = since.filter((job) => job.options.tenant === parked).length;
    expect(Math.abs(2 * ofParked - since.length)).toBeLessThanOrEqual(2);
  });

  test("a parked head that goes away holds nobody back: the next one fits", () => {
    for (const leave of ["cancel", "expire"]) {
      const driver = new SchedulerDriver();
      const path = driver.path(bucket({ amount: 100 }));
      const own = bucket({ dimension: "tokens", amount: 1_000, per: HOUR, initialShare: 0.1 });
      const tenant = driver.tenant("capped", 1, [own]);
      const maxWait = leave === "expire" ? 40 * MINUTE : 2 * HOUR;
      const head = driver.submit({ tenant, path, demand: { tokens: 600 }, maxWait });
      const next = driver.submit({ tenant, path, demand: { tokens: 50 }, maxWait: 2 * HOUR });
      driver.runFor(SECOND);
      expect(next.state).toBe("waiting");
      if (leave === "cancel") driver.cancel(head);
      driver.at(T0 + 10 * SECOND, () => driver.pump());
      driver.runFor(41 * MINUTE);
      expect(next.state).toBe("settled");
      if (leave === "cancel") expect(next.grantedAt - T0).toBe(SECOND);
    }
  });

  test("a more urgent request that fits does not wait for a parked head", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 100 }));
    const own = bucket({ dimension: "tokens", amount: 1_000, per: HOUR, initialShare: 0.1 });
    const tenant = driver.tenant("capped", 1, [own]);
    driver.submit({ tenant, path, demand: { tokens: 600 } });
    driver.runFor(SECOND);
    const step = driver.submit({ tenant, path, demand: { tokens: 50 }, isChainStep: true });
    expect(step.state).toBe("running");
  });

  test("are settled like the others", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ dimension: "tokens", amount: 10_000, per: HOUR }));
    const own = fixedWindow({ dimension: "tokens", amount: 1_000, per: HOUR });
    const tenant = driver.tenant("capped", 1, [own, slots(1)]);
    const demand = { requests: 1, tokens: 900 };
    driver.submit({ tenant, path, demand, counted: { requests: 1, tokens: 100 } });
    driver.runFor(SECOND);
    expect(own.level(driver.now)).toBe(900_000_000);
    expect(driver.submit({ tenant, path, demand }).state).toBe("running");
  });

  test("exhausted for longer than it may wait, it is refused at once by name", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 100 }));
    const own = fixedWindow({ amount: 3, per: 86_400 * SECOND });
    const tenant = driver.tenant("capped", 1, [own]);
    driver.enqueueMany(3, { tenant, path });
    driver.runFor(SECOND);
    const { refusal } = driver.submit({ tenant, path, maxWait: MINUTE });
    const { resetsAt } = own.read(driver.now);
    expect(refusal).toMatchObject({ code: "tenant_quota_exhausted", meter: own });
    expect(refusal?.retryAfter).toBe((resetsAt as number) - driver.now);
  });

  test("a quota in debt does not stop a request that does not touch it", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 100 }));
    const own = fixedWindow({ dimension: "tokens", amount: 100, per: 86_400 * SECOND });
    const tenant = driver.tenant("capped", 1, [own]);
    driver.submit({ tenant, path, demand: { tokens: 100 }, counted: { tokens: 500 } });
    driver.runFor(SECOND);
    expect(driver.submit({ tenant, path, demand: { requests: 1 } }).state).toBe("running");
  });

  test("what its own queue makes hopeless is refused at once too", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 1_000 }));
    const own = bucket({ amount: 1, initialShare: 0 });
    const tenant = driver.tenant("capped", 1, [own]);
    const jobs = driver.enqueueMany(200, { tenant, path, maxWait: 30 * SECOND });
    driver.runFor(MINUTE);
    const served = jobs.filter((job) => job.state === "settled").length;
    const refused = jobs.filter((job) => job.refusal?.code === "tenant_quota_exhausted").length;
    expect(served).toBeGreaterThanOrEqual(29);
    expect(served + refused).toBeGreaterThanOrEqual(199);
  });
});
