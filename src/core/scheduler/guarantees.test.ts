import { describe, expect, test } from "vitest";
import { bucket, MINUTE, MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { type JobOptions, SchedulerDriver } from "../../../test/support/scheduler-driver.ts";

const BANDS = [
  { tier: "premium", latency: "real-time" },
  { tier: "free", latency: "real-time" },
  { tier: "any", latency: "batch" },
];
const BATCH = { label: "batch", share: 0.1, bands: [2] };
const FREE = { label: "free", share: 0.2, bands: [1] };

/** Tokens at 1,000 a second, so that a token is a millisecond of the pool. */
function pool(initialShare = 0) {
  return bucket({ dimension: "tokens", amount: 60_000, per: MINUTE, initialShare });
}

function flood(driver: SchedulerDriver, options: Omit<JobOptions, "tenant">, depth = 20) {
  const tenant = driver.tenant(`flood-${options.band ?? 0}-${options.demand?.tokens}`);
  driver.enqueueMany(depth, { ...options, tenant, isRepeated: true });
}

/** Tokens granted to a band after `from`. */
function tokensOf(driver: SchedulerDriver, band: number, from = T0): number {
  let sum = 0;
  for (const { options, demand, grantedAt } of driver.granted) {
    if (options.band === band && grantedAt > from) sum += demand.tokens;
  }
  return sum;
}

describe("a guarantee", () => {
  test.each([
    { size: 50, rival: 50, why: "all small" },
    { size: 50, rival: 2_000, why: "small under large" },
    { size: 3_000, rival: 50, why: "large under small" },
    { size: 20_000, rival: 200, why: "twenty seconds of the pool at once" },
  ])("gives a starving band its share, within a second or one request: $why", ({ size, rival }) => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [BATCH] });
    const path = driver.path(pool());
    flood(driver, { path, band: 0, demand: { tokens: rival } });
    flood(driver, { path, band: 2, demand: { tokens: size } });
    const slack = Math.max(1_000, size) + Math.max(size, rival);
    for (let second = 7; second <= 900; second += 7) {
      driver.runUntil(T0 + second * SECOND);
      expect(tokensOf(driver, 2)).toBeGreaterThanOrEqual(0.1 * second * 1_000 - slack);
      expect(tokensOf(driver, 2)).toBeLessThanOrEqual(0.1 * second * 1_000 + slack);
    }
    const elapsed = driver.now - T0;
    expect(tokensOf(driver, 0) + tokensOf(driver, 2)).toBeGreaterThan(0.98 * (elapsed / MS));
  });

  test("two of them give each its own share", () => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [FREE, BATCH] });
    const path = driver.path(pool());
    for (const band of [0, 1, 2]) flood(driver, { path, band, demand: { tokens: 100 } });
    driver.runFor(10 * MINUTE);
    expect(tokensOf(driver, 1) / 600_000).toBeCloseTo(0.2, 2);
    expect(tokensOf(driver, 2) / 600_000).toBeCloseTo(0.1, 2);
    expect(tokensOf(driver, 0) / 600_000).toBeCloseTo(0.7, 2);
  });

  test("one for several bands serves the first of them first", () => {
    const both = { label: "low", share: 0.2, bands: [1, 2] };
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [both] });
    const path = driver.path(pool());
    for (const band of [0, 1, 2]) flood(driver, { path, band, demand: { tokens: 100 } });
    driver.runFor(10 * MINUTE);
    expect(tokensOf(driver, 1) / 600_000).toBeCloseTo(0.2, 2);
    expect(tokensOf(driver, 2)).toBe(0);
  });

  test("earns nothing while nothing waits", () => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [BATCH] });
    const path = driver.path(pool());
    flood(driver, { path, band: 0, demand: { tokens: 100 } });
    driver.runFor(10 * MINUTE);
    flood(driver, { path, band: 2, demand: { tokens: 100 } });
    const from = driver.now;
    driver.runFor(10 * SECOND);
    const had = tokensOf(driver, 2, from);
    expect(had).toBeLessThanOrEqual(0.1 * 10_000);
    expect(had).toBeGreaterThanOrEqual(0.1 * 10_000 - 200);
  });

  test("keeps no more than a second's worth of what it was served anyway", () => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [BATCH] });
    const path = driver.path(pool());
    flood(driver, { path, band: 2, demand: { tokens: 100 } });
    driver.runFor(10 * MINUTE);
    expect(tokensOf(driver, 2)).toBe(600_000);
    flood(driver, { path, band: 0, demand: { tokens: 100 } });
    const from = driver.now;
    driver.runFor(10 * SECOND);
    expect(tokensOf(driver, 2, from)).toBeLessThanOrEqual(0.1 * 10_000 + 1_000);
  });

  test("is no ceiling: with nobody above, its band has everything", () => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [FREE, BATCH] });
    const path = driver.path(pool());
    flood(driver, { path, band: 2, demand: { tokens: 700 } });
    driver.runFor(10 * MINUTE);
    expect(tokensOf(driver, 2)).toBeGreaterThan(599_000);
  });

  test("may use the holdback", () => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [BATCH], holdback: 0.5 });
    const path = driver.path(pool(0.5));
    flood(driver, { path, band: 0, demand: { tokens: 100 } });
    flood(driver, { path, band: 2, demand: { tokens: 100 } });
    driver.runFor(10 * MINUTE);
    expect(tokensOf(driver, 2)).toBeGreaterThanOrEqual(0.1 * 600_000 - 1_200);
  });

  test("reaches a band's second model while its first one is frozen", () => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [BATCH] });
    const account = pool();
    const frozen = bucket({ dimension: "tokens", amount: 1_000, selector: "model:frozen" });
    const path = driver.path(account);
    const other = driver.path(account, frozen);
    driver.freeze(frozen, 50 * MINUTE);
    flood(driver, { path: other, band: 2, demand: { tokens: 100 } });
    flood(driver, { path, band: 0, demand: { tokens: 100 } });
    driver.runFor(MINUTE);
    expect(driver.scheduler.bands[2].waiting).toBe(20);
    const tenant = driver.tenant("second");
    driver.enqueueMany(20, { tenant, path, band: 2, demand: { tokens: 101 }, isRepeated: true });
    const from = driver.now;
    driver.runFor(10 * MINUTE);
    expect(tokensOf(driver, 2, from)).toBeGreaterThanOrEqual(0.1 * 600_000 - 1_200);
  });

  test("does not let a lower band past a higher one that has to yield to it", () => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [BATCH] });
    const path = driver.path(pool());
    flood(driver, { path, band: 0, demand: { tokens: 500 } });
    flood(driver, { path, band: 1, demand: { tokens: 1 } });
    flood(driver, { path, band: 2, demand: { tokens: 5_100 } });
    driver.runFor(10 * MINUTE);
    expect(tokensOf(driver, 2)).toBeGreaterThanOrEqual(0.1 * 600_000 - 10_200);
    expect(tokensOf(driver, 1)).toBe(0);
  });

  test("keeps the credit for a large head, though small ones of its band could pass elsewhere", () => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [BATCH] });
    const account = pool();
    const [path, other] = [driver.path(account), driver.path(account, bucket({ amount: 1_000 }))];
    flood(driver, { path, band: 0, demand: { tokens: 50 } });
    flood(driver, { path, band: 2, demand: { tokens: 8_000 } });
    flood(driver, { path: other, band: 2, demand: { requests: 1, tokens: 20 } });
    driver.runFor(20 * MINUTE);
    const large = driver.granted.filter((job) => job.demand.tokens === 8_000).length;
    expect(8_000 * large).toBeGreaterThanOrEqual(0.4 * tokensOf(driver, 2));
    expect(tokensOf(driver, 2)).toBeGreaterThanOrEqual(0.1 * 1_200_000 - 16_000);
  });

  test("forgets what it has earned when nothing waits any more", () => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [BATCH] });
    const path = driver.path(pool());
    flood(driver, { path, band: 0, demand: { tokens: 100 } });
    const tenant = driver.tenant("batch");
    const large = driver.submit({ tenant, path, band: 2, demand: { tokens: 1_000 } });
    driver.runFor(9 * SECOND);
    driver.cancel(large);
    driver.runFor(SECOND);
    const small = driver.submit({ tenant, path, band: 2, demand: { tokens: 100 } });
    driver.runFor(MINUTE);
    expect(small.grantedAt - small.queuedAt).toBeGreaterThanOrEqual(SECOND);
  });

  test("wakes by itself when it has earned enough", () => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [BATCH], holdback: 0.5 });
    const tenant = driver.tenant("batch");
    const path = driver.path(pool(0.3));
    const job = driver.submit({ tenant, path, band: 2, demand: { tokens: 100 } });
    driver.runFor(MINUTE);
    expect(job.grantedAt - T0).toBe(SECOND);
  });

  test("does not upset the fairness of the bands it passes", () => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [BATCH] });
    const path = driver.path(pool());
    flood(driver, { path, band: 0, demand: { tokens: 4_000 } });
    flood(driver, { path, band: 0, demand: { tokens: 100 } }, 60);
    flood(driver, { path, band: 2, demand: { tokens: 9_000 } });
    driver.runFor(15 * MINUTE);
    const had = (size: number) =>
      driver.granted
        .filter((job) => job.options.band === 0 && job.demand.tokens === size)
        .reduce((sum, job) => sum + job.demand.tokens, 0);
    expect(had(4_000) / had(100)).toBeGreaterThan(0.97);
    expect(had(4_000) / had(100)).toBeLessThan(1.03);
  });

  test("is paid even where the wait of a head is far longer than the pumps between", () => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [BATCH] });
    const path = driver.path(pool());
    flood(driver, { path, band: 0, demand: { tokens: 50 } });
    const head = driver.submit({
      tenant: driver.tenant("once"),
      path,
      band: 2,
      demand: { tokens: 30_000 },
    });
    driver.runFor(5 * MINUTE + SECOND);
    const before = tokensOf(driver, 0);
    driver.runFor(10 * SECOND);
    expect(tokensOf(driver, 0) - before).toBeGreaterThan(9_000); // others still pass it
    driver.runFor(7 * MINUTE);
    // (its cost + one of the others) / (share x rate), and as long again while it is passed
    expect(head.grantedAt - head.queuedAt).toBeLessThanOrEqual((2 * 30_050 * MS) / 0.1);
  });
});
