import { describe, expect, test } from "vitest";
import { bucket, MINUTE, MS, SECOND, slots, T0 } from "../../../test/support/meters.ts";
import { type Job, SchedulerDriver } from "../../../test/support/scheduler-driver.ts";

const BANDS = [
  { tier: "only", latency: "real-time" },
  { tier: "only", latency: "batch" },
];

function scarceTokens(share = 0) {
  return bucket({ dimension: "tokens", amount: 60_000, per: MINUTE, initialShare: share });
}

function waitOf(job: Job): number {
  return job.grantedAt - job.queuedAt;
}

describe("large requests", () => {
  test("do not block small ones: at 60 % load these hardly wait while a large one does", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(scarceTokens());
    const small = Array.from({ length: 10 }, (_, i) => driver.tenant(`small-${i}`));
    for (let i = 0; i < 600; i++) {
      const tenant = small[i % 10];
      driver.at(T0 + i * 200 * MS, () => driver.enqueue({ tenant, path, demand: { tokens: 100 } }));
    }
    const large = driver.tenant("large");
    for (let i = 0; i < 6; i++) {
      const demand = { tokens: 2_000 };
      driver.at(T0 + i * 20 * SECOND, () => driver.enqueue({ tenant: large, path, demand }));
    }
    driver.runFor(3 * MINUTE);
    expect(driver.granted).toHaveLength(606);
    const waits = driver.granted
      .filter((job) => job.options.tenant !== large)
      .map(waitOf)
      .sort((a, b) => a - b);
    expect(waits[Math.floor(0.9 * waits.length)]).toBeLessThan(SECOND);
    const largest = driver.granted.filter((job) => job.options.tenant === large).map(waitOf);
    expect(Math.max(...largest)).toBeLessThan(10 * SECOND);
  });

  test("are not starved by a stream of ever new small tenants that leaves room for them", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(scarceTokens());
    const large = driver.enqueue({
      tenant: driver.tenant("large"),
      path,
      demand: { tokens: 10_000 },
    });
    for (let i = 0; i < 1_000; i++) {
      driver.at(T0 + i * 120 * MS, () => {
        const tenant = driver.tenant(`new-${i}`);
        driver.enqueue({ tenant, path, demand: { tokens: 100 } });
      });
    }
    driver.runFor(2 * MINUTE);
    expect(large.state).toBe("settled");
    // what they leave is worth 10,000 tokens a minute
    expect(waitOf(large)).toBeLessThanOrEqual(MINUTE);
  });

  test("are not starved by one small tenant with all the weight, and get their weight's share", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(scarceTokens());
    const light = driver.tenant("light", 1);
    const heavy = driver.tenant("heavy", 9);
    const options = { path, isRepeated: true };
    driver.enqueueMany(3, { ...options, tenant: light, demand: { tokens: 5_000 } });
    driver.enqueueMany(60, { ...options, tenant: heavy, demand: { tokens: 50 } });
    driver.runFor(5 * MINUTE);
    const had = driver.granted
      .filter((job) => job.options.tenant === light)
      .reduce((sum, job) => sum + job.demand.tokens, 0);
    expect(had / (5 * 60_000)).toBeGreaterThan(0.095);
  });

  test("of a higher band are not passed by a lower one, however small", () => {
    const driver = new SchedulerDriver({ bands: BANDS });
    const path = driver.path(scarceTokens());
    const head = driver.enqueue({ tenant: driver.tenant("a"), path, demand: { tokens: 30_000 } });
    const tenant = driver.tenant("b");
    driver.enqueueMany(100, { tenant, path, band: 1, demand: { tokens: 1 }, isRepeated: true });
    driver.runFor(30 * SECOND);
    expect(waitOf(head)).toBe(30 * SECOND);
    expect(driver.granted[0]).toBe(head);
  });

  test("waiting for tokens leave the requests they need to others of their band", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 100 }), scarceTokens());
    const tenant = driver.tenant("large");
    driver.enqueueMany(2, { tenant, path, demand: { requests: 1, tokens: 30_000 } });
    const other = driver.enqueue({ tenant: driver.tenant("other"), path, demand: { requests: 1 } });
    driver.pump();
    expect(other.state).toBe("running");
  });
});

describe("paths", () => {
  test.each([
    { name: "drained", level: 0, heads: 20 },
    { name: "nearly drained, a crowd of heads that do not fit", level: 0.5, heads: 20 },
  ])("a model at its limit does not slow another one: $name", ({ level, heads }) => {
    const driver = new SchedulerDriver({ bands: BANDS });
    const account = bucket({ amount: 1_000 });
    const path = (selector: string, initialShare: number) =>
      driver.path(
        account,
        bucket({ dimension: "tokens", amount: 1_000, per: MINUTE, selector, initialShare }),
      );
    const full = path("model:full", level);
    const free = path("model:free", 1);
    const warm = driver.tenant("late");
    driver.enqueueMany(3, { tenant: warm, path: free, demand: { requests: 1, tokens: 1 } });
    driver.pump(); // its tag is behind that of every head to come
    for (let i = 0; i < heads; i++) {
      const tenant = driver.tenant(`${i}`);
      driver.enqueueMany(5, { tenant, path: full, demand: { requests: 1, tokens: 900 } });
    }
    const same = driver.submit({ tenant: warm, path: free, demand: { requests: 1, tokens: 1 } });
    const lower = driver.submit({
      tenant: warm,
      path: free,
      band: 1,
      demand: { requests: 1, tokens: 1 },
    });
    expect(same.state).toBe("running");
    expect(lower.state).toBe("running");
  });

  test("a frozen model lets another one work at full speed for as long as it lasts", () => {
    const driver = new SchedulerDriver();
    const account = bucket({ amount: 10, initialShare: 0 });
    const frozen = bucket({ amount: 10, selector: "model:frozen" });
    const paths = [
      driver.path(account, frozen),
      driver.path(account, bucket({ amount: 10, selector: "model:free" })),
    ];
    const tenants = paths.map((path, i) => {
      const tenant = driver.tenant(`${i}`);
      driver.enqueueMany(5, { tenant, path, isRepeated: true });
      return tenant;
    });
    driver.freeze(frozen, 10 * SECOND);
    driver.runFor(10 * SECOND - 1);
    expect(driver.granted).toHaveLength(99);
    expect(driver.granted.every((job) => job.options.tenant === tenants[1])).toBe(true);
    driver.runFor(10 * SECOND + 1);
    expect(driver.granted).toHaveLength(200);
  });

  test("the order of paths on a shared meter is that of their tenants' tags", () => {
    const driver = new SchedulerDriver();
    const account = bucket({ amount: 10, initialShare: 0 });
    const counts = [1, 3].map((weight) => {
      const tenant = driver.tenant(`${weight}`, weight);
      const path = driver.path(account, bucket({ amount: 1_000, selector: `model:${weight}` }));
      driver.enqueueMany(5, { tenant, path, isRepeated: true });
      return () => driver.granted.filter((job) => job.options.tenant === tenant).length;
    });
    driver.runFor(40 * SECOND);
    expect(Math.abs(counts[0]() - 100)).toBeLessThanOrEqual(2);
    expect(Math.abs(counts[1]() - 300)).toBeLessThanOrEqual(2);
  });

  test("a tenant on two models has one share of their account, not two", () => {
    const driver = new SchedulerDriver();
    const account = bucket({ amount: 10, initialShare: 0 });
    const path = (model: string) =>
      driver.path(account, bucket({ amount: 1_000, selector: `model:${model}` }));
    const [a, b] = [path("a"), path("b")];
    const both = driver.tenant("both");
    const one = driver.tenant("one");
    for (const path of [a, b]) driver.enqueueMany(5, { tenant: both, path, isRepeated: true });
    driver.enqueueMany(5, { tenant: one, path: a, isRepeated: true });
    driver.runFor(40 * SECOND);
    const ofOne = driver.granted.filter((job) => job.options.tenant === one).length;
    expect(Math.abs(ofOne - 200)).toBeLessThanOrEqual(2);
  });

  test("a slot that comes back is given away at once", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(slots(3));
    const tenant = driver.tenant("acme");
    driver.enqueueMany(3, { tenant, path, service: 100 * MS, isRepeated: true });
    driver.runFor(10 * SECOND - 1);
    expect(driver.granted).toHaveLength(300);
  });

  test("a pump looks at a few heads, however many wait", () => {
    const driver = new SchedulerDriver();
    const meter = bucket({ dimension: "tokens", amount: 1_000, per: MINUTE, initialShare: 0.5 });
    const path = driver.path(meter);
    for (let i = 0; i < 1_000; i++) {
      driver.enqueue({ tenant: driver.tenant(`${i}`), path, demand: { tokens: 900 } });
    }
    let asked = 0;
    const { waitFor } = meter;
    meter.waitFor = (...question) => {
      asked++;
      return waitFor.apply(meter, question);
    };
    driver.pump();
    expect(asked).toBeLessThanOrEqual(16);
  });

  test("a small request behind a large one leaves as soon as there is enough for it", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(scarceTokens());
    driver.enqueue({ tenant: driver.tenant("large"), path, demand: { tokens: 9_000 } });
    const small = driver.submit({ tenant: driver.tenant("small"), path, demand: { tokens: 100 } });
    driver.runFor(MINUTE);
    expect(waitOf(small)).toBe(100 * MS);
  });

  test("a head that waits for its model leaves the account's tokens to others, all of them", () => {
    const driver = new SchedulerDriver();
    const account = scarceTokens(0.01);
    const model = bucket({ dimension: "tokens", amount: 10_000, selector: "model:frozen" });
    const [held, free] = [driver.path(account, model), driver.path(account)];
    driver.freeze(model, MINUTE);
    const demand = { tokens: 900 };
    driver.enqueue({ tenant: driver.tenant("held", 100), path: held, demand });
    const tenant = driver.tenant("free");
    const jobs = driver.enqueueMany(10, { tenant, path: free, demand: { tokens: 50 } });
    driver.pump();
    expect(jobs.every((job) => job.state === "running")).toBe(true);
  });

  test("more meters than a path may have are refused by name", () => {
    const driver = new SchedulerDriver();
    const meters = Array.from({ length: 33 }, () => bucket({ amount: 1 }));
    expect(() => driver.path(...meters)).toThrow("a request may match at most 32 limits");
  });
});
