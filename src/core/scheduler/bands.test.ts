import { describe, expect, test } from "vitest";
import {
  bucket,
  fixedWindow,
  MS,
  SECOND,
  slidingWindow,
  slots,
  T0,
} from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { MICRO_UNITS } from "../meter/meter.ts";

const BANDS = [
  { tier: "premium", latency: "real-time" },
  { tier: "free", latency: "real-time" },
  { tier: "premium", latency: "batch" },
  { tier: "free", latency: "batch" },
];

function bandsGranted(driver: SchedulerDriver): number[] {
  return driver.granted.map((job) => job.options.band ?? 0);
}

describe("bands", () => {
  test("go in strict order, batch of any tier after interactive work of every tier", () => {
    const driver = new SchedulerDriver({ bands: BANDS });
    const path = driver.path(bucket({ amount: 10, initialShare: 0 }));
    const tenant = driver.tenant("acme");
    for (const band of [3, 1, 2, 0]) driver.enqueueMany(3, { tenant, path, band });
    driver.runFor(5 * SECOND);
    expect(bandsGranted(driver)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });

  test("a latecomer of a higher band goes before all that waited below", () => {
    const driver = new SchedulerDriver({ bands: BANDS });
    const path = driver.path(bucket({ amount: 10, initialShare: 0 }));
    const low = driver.tenant("low");
    driver.enqueueMany(20, { tenant: low, path, band: 1 });
    driver.runFor(SECOND);
    driver.enqueueMany(5, { tenant: driver.tenant("high"), path, band: 0 });
    driver.runFor(SECOND);
    expect(bandsGranted(driver)).toEqual([
      ...Array(10).fill(1),
      ...Array(5).fill(0),
      1,
      1,
      1,
      1,
      1,
    ]);
  });

  test("weight does not lift anybody over a band", () => {
    const driver = new SchedulerDriver({ bands: BANDS });
    const path = driver.path(bucket({ amount: 10, initialShare: 0 }));
    driver.enqueueMany(5, { tenant: driver.tenant("heavy", 1_000), path, band: 1 });
    driver.enqueueMany(5, { tenant: driver.tenant("light", 0.001), path, band: 0 });
    driver.runFor(SECOND);
    expect(bandsGranted(driver)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  });

  test("a small request of a lower band does not slip past a large one of a higher band", () => {
    const driver = new SchedulerDriver({ bands: BANDS });
    const tokens = bucket({ dimension: "tokens", amount: 1_000, initialShare: 0 });
    const path = driver.path(tokens);
    const tenant = driver.tenant("acme");
    driver.enqueueMany(5, { tenant, path, band: 1, demand: { tokens: 10 } });
    driver.enqueue({ tenant, path, band: 0, demand: { tokens: 900 } });
    driver.runFor(899 * MS);
    expect(driver.granted).toEqual([]);
    driver.runFor(200 * MS);
    expect(bandsGranted(driver)).toEqual([0, 1, 1, 1, 1, 1]);
  });

  test("nor does one that leaves other meters untouched, though some of the head's own band may", () => {
    const driver = new SchedulerDriver({ bands: BANDS });
    const tokens = bucket({ dimension: "tokens", amount: 1_000, initialShare: 0.5 });
    const path = driver.path(bucket({ amount: 100 }), tokens);
    const demand = { requests: 1, tokens: 900 };
    driver.enqueue({ tenant: driver.tenant("large"), path, demand });
    driver.enqueue({ tenant: driver.tenant("peer"), path, demand });
    const same = driver.enqueue({ tenant: driver.tenant("small"), path, demand: { tokens: 10 } });
    const tenant = driver.tenant("low");
    const lower = driver.enqueue({ tenant, path, band: 1, demand: { tokens: 10 } });
    driver.pump();
    expect([same.state, lower.state]).toEqual(["running", "waiting"]);
  });

  test("a lower band passes with a demand that does not touch the meter the head waits for", () => {
    const driver = new SchedulerDriver({ bands: BANDS });
    const requests = bucket({ amount: 100 });
    const tokens = bucket({ dimension: "tokens", amount: 1_000, initialShare: 0 });
    const chat = driver.path(requests, tokens);
    const lists = driver.path(requests);
    const tenant = driver.tenant("acme");
    const head = driver.enqueue({ tenant, path: chat, demand: { requests: 1, tokens: 900 } });
    const other = driver.enqueue({ tenant, path: lists, band: 1 });
    const same = driver.enqueue({
      tenant,
      path: chat,
      band: 1,
      demand: { requests: 1, tokens: 0 },
    });
    const touching = driver.enqueue({
      tenant: driver.tenant("other"),
      path: chat,
      band: 1,
      demand: { requests: 1, tokens: 1 },
    });
    driver.runFor(500 * MS);
    expect(head.state).toBe("waiting");
    expect(other.state).toBe("settled");
    expect(same.state).toBe("settled");
    expect(touching.state).toBe("waiting");
  });

  test.each([{ band: 0 }, { band: 3 }])(
    "a lone tenant in band $band gets everything",
    ({ band }) => {
      const driver = new SchedulerDriver({ bands: BANDS });
      const path = driver.path(bucket({ amount: 50, initialShare: 0 }));
      driver.enqueueMany(5, { tenant: driver.tenant("lone"), path, band, isRepeated: true });
      driver.runFor(60 * SECOND);
      expect(driver.granted).toHaveLength(60 * 50);
    },
  );

  test("the holdback is for the first band: the others leave it untouched", () => {
    const driver = new SchedulerDriver({ bands: BANDS, holdback: 0.2 });
    const meter = bucket({ amount: 100, per: 1_000 * SECOND });
    const path = driver.path(meter);
    const tenant = driver.tenant("acme");
    driver.enqueueMany(100, { tenant, path, band: 1 });
    driver.pump();
    expect(driver.granted).toHaveLength(80);
    driver.enqueueMany(100, { tenant, path, band: 0 });
    driver.pump();
    expect(driver.granted).toHaveLength(100);
  });

  test.each([
    { name: "bucket", meter: bucket({ amount: 100, per: 1_000 * SECOND }) },
    { name: "sliding window", meter: slidingWindow({ amount: 100, per: 1_000 * SECOND }) },
    { name: "fixed window", meter: fixedWindow({ amount: 100, per: 1_000 * SECOND }) },
  ])("the margin of a $name is never spent, not even by the first band", ({ meter }) => {
    const driver = new SchedulerDriver({ bands: BANDS, margin: 0.1 });
    driver.enqueueMany(200, { tenant: driver.tenant("acme"), path: driver.path(meter) });
    driver.pump();
    expect(driver.granted).toHaveLength(90);
    expect(meter.level(T0)).toBe(10 * MICRO_UNITS);
  });

  test("slots have neither margin nor holdback", () => {
    const driver = new SchedulerDriver({ bands: BANDS, margin: 0.5, holdback: 0.5 });
    const path = driver.path(slots(4));
    driver.enqueueMany(6, { tenant: driver.tenant("acme"), path, band: 3, service: null });
    driver.pump();
    expect(driver.granted).toHaveLength(4);
  });

  test("what only a full meter can hold is served once it is full, crowd or not", () => {
    const driver = new SchedulerDriver({ bands: BANDS, margin: 0.1 });
    const tokens = bucket({ dimension: "tokens", amount: 1_000 });
    const path = driver.path(tokens);
    for (let i = 0; i < 3; i++) {
      const tenant = driver.tenant(`small-${i}`);
      driver.enqueueMany(3, { tenant, path, demand: { tokens: 30 }, isRepeated: true });
    }
    driver.runFor(10 * SECOND);
    const tenant = driver.tenant("large");
    const large = driver.submit({ tenant, path, demand: { tokens: 1_000 } });
    driver.runFor(60 * SECOND);
    expect(large.state).toBe("settled");
    expect(tokens.level(large.grantedAt)).toBeLessThan(1_000 * MICRO_UNITS);
  });

  test("a frozen meter lets nothing pass until it thaws, then everything at once", () => {
    const driver = new SchedulerDriver({ bands: BANDS });
    const frozen = bucket({ amount: 10 });
    const path = driver.path(frozen);
    const free = driver.path(bucket({ amount: 10, selector: "model:other" }));
    const tenant = driver.tenant("acme");
    driver.freeze(frozen, 3 * SECOND);
    const held = driver.submit({ tenant, path });
    const passing = driver.submit({ tenant, path: free, band: 1 });
    driver.runFor(60 * SECOND);
    expect(held.grantedAt - T0).toBe(3 * SECOND);
    expect(passing.grantedAt).toBe(T0);
  });

  test("a shorter freeze does not lift a longer one", () => {
    const driver = new SchedulerDriver();
    const meter = bucket({ amount: 10 });
    driver.freeze(meter, 3 * SECOND);
    driver.freeze(meter, 1 * SECOND);
    const job = driver.submit({ tenant: driver.tenant("acme"), path: driver.path(meter) });
    driver.runFor(10 * SECOND);
    expect(job.grantedAt - T0).toBe(3 * SECOND);
  });

  test("more than a pump may grant leaves at the same moment all the same", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 1_000 }));
    driver.enqueueMany(1_000, { tenant: driver.tenant("acme"), path, service: null });
    driver.runFor(0);
    expect(driver.granted).toHaveLength(1_000);
  });
});
