import { describe, expect, test } from "vitest";
import { bucket, HOUR, MINUTE, MS, SECOND, slots, T0 } from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { MICRO_UNITS } from "../meter/meter.ts";

const UNIT = MICRO_UNITS;

describe("settlement", () => {
  test.each([
    { name: "less than reserved comes back", counted: { requests: 1, tokens: 100 }, left: 900 },
    { name: "more than reserved is charged", counted: { requests: 1, tokens: 1_500 }, left: -500 },
    { name: "nothing counted: all comes back", counted: {}, left: 1_000 },
  ])("$name", ({ counted, left }) => {
    const driver = new SchedulerDriver();
    const tokens = bucket({ dimension: "tokens", amount: 1_000, per: 1_000 * HOUR });
    const path = driver.path(tokens, slots(1));
    const demand = { requests: 1, tokens: 400 };
    const job = driver.submit({ tenant: driver.tenant("acme"), path, demand, service: null });
    expect(tokens.level(T0)).toBe(600 * UNIT);
    driver.settle(job, counted);
    expect(tokens.level(T0)).toBe(left * UNIT);
  });

  test("twice counts once", () => {
    const driver = new SchedulerDriver();
    const slot = slots(2);
    const path = driver.path(slot);
    const tenant = driver.tenant("acme");
    const [first] = driver.enqueueMany(2, { tenant, path, service: null });
    driver.pump();
    expect(driver.settle(first)).toBe(true);
    expect(driver.settle(first)).toBe(false);
    expect(slot.level(T0)).toBe(UNIT);
    expect(driver.scheduler.running).toBe(1);
  });

  test("of a ticket that still waits does nothing", () => {
    const driver = new SchedulerDriver();
    const slot = slots(1);
    const tenant = driver.tenant("acme");
    const [, second] = driver.enqueueMany(2, { tenant, path: driver.path(slot), service: null });
    driver.pump();
    expect(driver.settle(second)).toBe(false);
    expect(driver.scheduler.waiting).toBe(1);
    expect(slot.level(T0)).toBe(0);
  });

  test("a retry gives its slot back while it waits", () => {
    const driver = new SchedulerDriver();
    const slot = slots(1);
    const path = driver.path(slot);
    const first = driver.submit({ tenant: driver.tenant("a"), path, service: null });
    const other = driver.submit({ tenant: driver.tenant("b"), path, service: null });
    driver.retry(first, {}, SECOND);
    expect(other.state).toBe("running");
    expect(driver.scheduler.running).toBe(1);
    expect(driver.scheduler.waiting).toBe(1);
  });

  test("limits in a platform's own units are charged by those units, and stay charged", () => {
    const driver = new SchedulerDriver();
    const records = bucket({ dimension: "units:records", amount: 1_000, per: 1_000 * HOUR });
    const path = driver.path(records);
    const tenant = driver.tenant("acme");
    const demand = { requests: 1, units: { records: 300 } };
    const maxWait = 1_000 * HOUR;
    const jobs = driver.enqueueMany(4, { tenant, path, demand, maxWait, service: MS });
    driver.runFor(SECOND);
    expect(jobs.map((job) => job.state)).toEqual(["settled", "settled", "settled", "waiting"]);
    expect(Math.floor(records.level(driver.now) / UNIT)).toBe(100);
  });

  test("a tenant's own limits in units count too, settled by what was counted", () => {
    const driver = new SchedulerDriver();
    const own = bucket({ dimension: "units:points", amount: 100, per: 1_000 * HOUR });
    const tenant = driver.tenant("acme", 1, [own]);
    const path = driver.path(bucket({ amount: 100 }));
    const demand = { requests: 1, units: { points: 60 } };
    const counted = { requests: 1, units: { points: 10 } };
    driver.submit({ tenant, path, demand, counted, service: MS });
    expect(own.level(T0)).toBe(40 * UNIT);
    driver.runFor(10 * MS);
    expect(Math.round(own.level(driver.now) / UNIT)).toBe(90);
  });

  test("a request that takes no units is not stopped by their limit", () => {
    const driver = new SchedulerDriver();
    const records = bucket({ dimension: "units:records", amount: 10, initialShare: 0 });
    const tenant = driver.tenant("acme");
    expect(driver.submit({ tenant, path: driver.path(records) }).state).toBe("running");
  });
});

describe("tenants", () => {
  test("a weight changed while requests wait holds from then on, and harms nobody", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 10, initialShare: 0 }));
    const [a, b] = [driver.tenant("a"), driver.tenant("b")];
    for (const tenant of [a, b]) driver.enqueueMany(9, { tenant, path, isRepeated: true });
    driver.runFor(10 * SECOND);
    a.weight = 4;
    expect(driver.scheduler.bands[0].activeWeight).toBe(5);
    const from = driver.granted.length;
    driver.runFor(50 * SECOND);
    const ofA = driver.granted.slice(from).filter((job) => job.options.tenant === a).length;
    expect(Math.abs(ofA - 400)).toBeLessThanOrEqual(6);
  });

  test("a weight raised and a tenant gone leave the band open for the others", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 10, initialShare: 0 }));
    const [a, b] = [driver.tenant("a"), driver.tenant("b")];
    const gone = driver.submit({ tenant: a, path });
    a.weight = 8;
    driver.cancel(gone);
    const left = driver.submit({ tenant: b, path });
    driver.runFor(MINUTE);
    expect(left.state).toBe("settled");
  });

  test("an idle tenant can be forgotten and comes back as a new one", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 10 }));
    const tenant = driver.tenant("acme");
    driver.submit({ tenant, path });
    driver.runFor(SECOND);
    expect(driver.scheduler.forget(tenant)).toBe(true);
    const again = driver.submit({ tenant, path });
    const other = driver.submit({ tenant: driver.tenant("other"), path });
    expect([again.state, other.state]).toEqual(["running", "running"]);
  });

  test.each(["waiting", "running", "retrying later"])("one that is %s is not", (state) => {
    const driver = new SchedulerDriver();
    const path = driver.path(slots(1));
    const tenant = driver.tenant("acme");
    const first = driver.submit({ tenant: driver.tenant("first"), path, service: null });
    if (state !== "waiting") driver.settle(first);
    const job = driver.submit({ tenant, path, service: null });
    if (state === "retrying later") driver.retry(job, {}, MINUTE);
    expect(driver.scheduler.forget(tenant)).toBe(false);
    // Nobody else may be given what is still in use.
    const stranger = driver.tenant("stranger");
    driver.enqueueMany(2, { tenant: stranger, path: driver.path(bucket({ amount: 5 })) });
    driver.pump();
    if (state === "waiting") driver.settle(first);
    driver.runFor(2 * MINUTE);
    expect(job.state).toBe("running");
    expect(driver.settle(job)).toBe(true);
    expect(driver.scheduler.forget(tenant)).toBe(true);
  });
});
