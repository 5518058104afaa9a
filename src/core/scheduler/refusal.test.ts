import { describe, expect, test } from "vitest";
import {
  bucket,
  fixedWindow,
  MINUTE,
  MS,
  SECOND,
  slidingWindow,
  slots,
  T0,
} from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";

const BANDS = [
  { tier: "premium", latency: "real-time" },
  { tier: "free", latency: "real-time" },
];

describe("a demand above a limit", () => {
  test("is refused by name, for waiting does not help", () => {
    const driver = new SchedulerDriver();
    const tokens = bucket({ dimension: "tokens", amount: 1_000 });
    const path = driver.path(bucket({ amount: 10 }), tokens);
    const demand = { requests: 1, tokens: 1_001 };
    expect(driver.submit({ tenant: driver.tenant("acme"), path, demand }).refusal).toEqual({
      kind: "refused",
      code: "demand_exceeds_limit",
      meter: tokens,
      retryAfter: null,
    });
  });

  test("of the tenant's own is refused too", () => {
    const driver = new SchedulerDriver();
    const own = bucket({ dimension: "units:records", amount: 10 });
    const tenant = driver.tenant("acme", 1, [own]);
    const demand = { requests: 1, units: { records: 11 } };
    const { refusal } = driver.submit({ tenant, path: driver.path(bucket({ amount: 1 })), demand });
    expect(refusal).toMatchObject({ code: "demand_exceeds_limit", meter: own });
  });

  test("but not one that fits only without the margin", () => {
    const driver = new SchedulerDriver({ margin: 0.2 });
    const path = driver.path(bucket({ dimension: "tokens", amount: 1_000 }));
    const demand = { tokens: 1_000 };
    expect(driver.submit({ tenant: driver.tenant("acme"), path, demand }).state).toBe("running");
  });
});

describe("a full queue", () => {
  test("refuses newcomers until somebody leaves", () => {
    const driver = new SchedulerDriver({ maxWaiting: 3 });
    const path = driver.path(bucket({ amount: 1, initialShare: 0 }));
    const tenant = driver.tenant("acme");
    const [first] = driver.enqueueMany(3, { tenant, path });
    expect(driver.submit({ tenant, path }).refusal?.code).toBe("queue_full");
    expect(driver.scheduler.waiting).toBe(3);
    driver.cancel(first);
    expect(driver.submit({ tenant, path }).state).toBe("waiting");
  });

  test("gives the place of one that waits in the lowest band to one of a higher band", () => {
    const driver = new SchedulerDriver({ bands: BANDS, maxWaiting: 3 });
    const path = driver.path(bucket({ amount: 1, initialShare: 0 }));
    const [high, low] = [driver.tenant("high"), driver.tenant("low")];
    driver.submit({ tenant: high, path, band: 0 });
    const kept = driver.submit({ tenant: low, path, band: 1 });
    const last = driver.submit({ tenant: low, path, band: 1 });
    const newcomer = driver.submit({ tenant: high, path, band: 0 });
    expect([newcomer.state, kept.state, last.state]).toEqual(["waiting", "waiting", "displaced"]);
    expect(driver.submit({ tenant: low, path, band: 1 }).refusal?.code).toBe("queue_full");
  });

  test.each([
    { name: "one whose tenant's own limit holds it back", isRetry: false },
    { name: "a retry that has to stay away for a while", isRetry: true },
  ])("gives the place of $name, too", ({ isRetry }) => {
    const driver = new SchedulerDriver({ bands: BANDS, maxWaiting: 1 });
    const path = driver.path(bucket({ amount: 10 }));
    const own = isRetry ? [] : [bucket({ amount: 1, per: MINUTE })];
    const tenant = driver.tenant("capped", 1, own);
    const first = driver.submit({ tenant, path, band: 1, service: null });
    const held = isRetry ? first : driver.submit({ tenant, path, band: 1 });
    if (isRetry) driver.retry(first, { requests: 1 }, MINUTE);
    expect([held.state, driver.scheduler.waiting]).toEqual(["waiting", 1]);
    const newcomer = driver.submit({ tenant: driver.tenant("high"), path, band: 0 });
    expect([newcomer.state, held.state]).toEqual(["running", "displaced"]);
  });
});

describe("a hopeless wait", () => {
  test.each([
    { name: "bucket", meter: bucket({ amount: 7 }), pause: 300 },
    { name: "sliding window", meter: slidingWindow({ amount: 7 }), pause: 300 },
    { name: "fixed window", meter: fixedWindow({ amount: 7 }), pause: 300 },
    { name: "fixed window at its end", meter: fixedWindow({ amount: 7 }), pause: 970 },
  ])("at a $name is refused with the very time at which it would be served", ({ meter, pause }) => {
    const driver = new SchedulerDriver();
    const path = driver.path(meter);
    const tenant = driver.tenant("acme");
    driver.runFor(pause * MS);
    driver.enqueueMany(7, { tenant, path });
    driver.pump();
    const { refusal } = driver.submit({ tenant, path, maxWait: 10 * MS });
    expect(refusal).toMatchObject({ code: "max_wait_exceeded", meter });
    const retryAfter = refusal?.retryAfter ?? Number.NaN;
    expect(Number.isInteger(retryAfter)).toBe(true);
    driver.runFor(retryAfter - 1);
    expect(driver.submit({ tenant, path, maxWait: 0 }).state).toBe("refused");
    driver.runFor(1);
    expect(driver.submit({ tenant, path, maxWait: 0 }).state).toBe("running");
  });

  test("behind others: after the time it tells they are served, and so is it, at once", () => {
    const driver = new SchedulerDriver({ bands: BANDS, margin: 0.1 });
    const path = driver.path(bucket({ amount: 10, initialShare: 0 }));
    const tenant = driver.tenant("acme");
    driver.enqueueMany(30, { tenant, path, band: 0 });
    driver.enqueueMany(20, { tenant, path, band: 1 });
    driver.pump();
    const last = { tenant, path, band: 1, maxWait: SECOND };
    const retryAfter = driver.submit(last).refusal?.retryAfter ?? Number.NaN;
    expect(retryAfter).toBeLessThan(6 * SECOND);
    driver.runFor(retryAfter);
    expect(driver.submit(last).state).toBe("running");
  });

  test("at a frozen meter ends when it thaws", () => {
    const driver = new SchedulerDriver();
    const meter = bucket({ amount: 10 });
    driver.freeze(meter, 20 * SECOND);
    const options = { tenant: driver.tenant("acme"), path: driver.path(meter), maxWait: SECOND };
    expect(driver.submit(options).refusal?.retryAfter).toBe(20 * SECOND);
    driver.runFor(20 * SECOND);
    expect(driver.submit(options).state).toBe("running");
  });

  test.each([1, 60])(
    "behind what has used up the day is as long as the day: %d waiting",
    (count) => {
      const driver = new SchedulerDriver({ bands: BANDS });
      const day = fixedWindow({ amount: 100, per: 86_400 * SECOND });
      const path = driver.path(day);
      const tenant = driver.tenant("acme");
      driver.enqueueMany(100, { tenant, path });
      driver.pump();
      driver.runFor(SECOND);
      const patient = driver.enqueueMany(count, { tenant, path, maxWait: 100_000 * SECOND });
      expect(patient.every((job) => job.state === "waiting")).toBe(true);
      const { refusal } = driver.submit({ tenant, path, band: 1, maxWait: MINUTE });
      const { resetsAt } = day.read(driver.now);
      expect(refusal?.retryAfter).toBeGreaterThanOrEqual((resetsAt as number) - driver.now);
    },
  );

  test("behind what has used up the day is no shorter for a band with a guarantee", () => {
    const guarantees = [{ label: "free", share: 0.5, bands: [1] }];
    const driver = new SchedulerDriver({ bands: BANDS, guarantees });
    const day = fixedWindow({ amount: 100, per: 86_400 * SECOND });
    const path = driver.path(day);
    const tenant = driver.tenant("acme");
    driver.enqueueMany(100, { tenant, path });
    driver.runFor(SECOND);
    const { refusal } = driver.submit({ tenant, path, band: 1, maxWait: MINUTE });
    const { resetsAt } = day.read(driver.now);
    expect(refusal?.retryAfter).toBeGreaterThanOrEqual((resetsAt as number) - driver.now);
  });

  test("at a window that a burst has emptied is not told by the mean supply", () => {
    const driver = new SchedulerDriver({ bands: BANDS });
    const path = driver.path(slidingWindow({ amount: 100, per: 100 * SECOND }));
    const tenant = driver.tenant("acme");
    driver.enqueue({ tenant, path });
    driver.enqueueMany(99, { tenant, path, band: 1 });
    driver.runFor(2 * SECOND);
    const { refusal } = driver.submit({ tenant, path, band: 1, maxWait: 10 * SECOND });
    expect(refusal?.retryAfter).toBeGreaterThanOrEqual(98 * SECOND);
  });

  test("is none for a small tenant because another one has flooded the queue", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(
      bucket({ amount: 100 }),
      bucket({ dimension: "tokens", amount: 10_000, initialShare: 0 }),
    );
    const demand = { requests: 1, tokens: 1_000 };
    driver.enqueueMany(5_000, { tenant: driver.tenant("flood"), path, demand });
    driver.runFor(10 * SECOND);
    const small = driver.submit({ tenant: driver.tenant("small"), path, demand, maxWait: SECOND });
    expect(small.refusal).toBeNull();
    driver.runFor(SECOND);
    expect(small.state).toBe("settled");
  });

  test("is told to a flooding tenant itself: what its own queue makes too long", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 10, initialShare: 0 }));
    const tenant = driver.tenant("flood");
    const jobs = driver.enqueueMany(1_000, { tenant, path, maxWait: 10 * SECOND });
    driver.runFor(MINUTE);
    expect(jobs.filter((job) => job.state === "settled").length).toBeGreaterThanOrEqual(98);
    expect(jobs.filter((job) => job.state === "expired").length).toBeLessThanOrEqual(2);
  });

  test("is none for a chain step, which goes before its tenant's queue", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 10, initialShare: 0 }));
    const tenant = driver.tenant("acme", 1, [bucket({ amount: 20, initialShare: 0 })]);
    driver.enqueueMany(500, { tenant, path });
    driver.runFor(SECOND);
    const step = driver.submit({ tenant, path, isChainStep: true, maxWait: SECOND });
    driver.runFor(SECOND);
    expect(step.state).toBe("settled");
  });

  test("is none at full slots as long as calls are expected to end in time", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(slots(1));
    const tenant = driver.tenant("acme");
    for (let i = 0; i < 100; i++) {
      driver.submit({ tenant, path, service: 200 * MS });
      driver.runFor(SECOND);
    }
    driver.submit({ tenant, path, service: 200 * MS });
    const patient = driver.submit({ tenant, path, maxWait: 500 * MS });
    expect(patient.state).toBe("waiting");
    const hasty = driver.submit({ tenant, path, maxWait: 50 * MS });
    expect(hasty.refusal?.code).toBe("max_wait_exceeded");
    expect(Number.isInteger(hasty.refusal?.retryAfter)).toBe(true);
    expect(Number.isInteger(patient.expectedWait)).toBe(true);
  });

  test("counts what higher bands are expected to take meanwhile", () => {
    const driver = new SchedulerDriver({ bands: BANDS });
    const path = driver.path(bucket({ amount: 10, initialShare: 0 }));
    const [high, low] = [driver.tenant("high"), driver.tenant("low")];
    for (let i = 0; i < 90 * 8; i++) {
      driver.at(T0 + i * 125 * MS, () => driver.enqueue({ tenant: high, path }));
    }
    driver.runFor(80 * SECOND);
    const jobs = driver.enqueueMany(30, { tenant: low, path, band: 1, maxWait: 5 * SECOND });
    const accepted = jobs.filter((job) => job.state !== "refused").length;
    // a full bucket of 10, and what is left of the supply in 5 s
    expect(accepted).toBeGreaterThanOrEqual(18);
    expect(accepted).toBeLessThanOrEqual(22);
  });
});
