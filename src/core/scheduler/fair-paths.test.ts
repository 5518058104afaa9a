/** Fairness where tenants meet at some meters and not at others. */
import { describe, expect, test } from "vitest";
import { jain } from "../../../test/support/fairness.ts";
import { bucket, MINUTE, MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import type { Tenant } from "./tenant.ts";

function tokens(amount: number, selector = "account") {
  return bucket({ dimension: "tokens", amount, selector, initialShare: 0 });
}

function grantsOf(driver: SchedulerDriver, tenant: Tenant, from = 0): number {
  return driver.granted.slice(from).filter((job) => job.options.tenant === tenant).length;
}

describe("tenants on several paths", () => {
  test.each([0.1, 1, 10])(
    "share a scarce model by weight while another one, of weight %d, presses on the account",
    (weight) => {
      const driver = new SchedulerDriver();
      const account = tokens(20_000);
      const scarce = driver.path(account, tokens(1_000, "model:scarce"));
      const [light, heavy] = [driver.tenant("light", 1), driver.tenant("heavy", 4)];
      for (const tenant of [light, heavy]) {
        driver.enqueueMany(8, { tenant, path: scarce, demand: { tokens: 100 }, isRepeated: true });
      }
      const rival = driver.tenant("rival", weight);
      const options = { tenant: rival, path: driver.path(account), demand: { tokens: 500 } };
      driver.enqueueMany(20, { ...options, isRepeated: true });
      driver.runFor(MINUTE);
      expect(Math.abs(grantsOf(driver, light) - 120)).toBeLessThanOrEqual(6);
      expect(Math.abs(grantsOf(driver, heavy) - 480)).toBeLessThanOrEqual(6);
    },
  );

  test.each([
    { weight: 1, alone: "alone" },
    { weight: 0.1, alone: "in company" },
  ])("a long day on a scarce model, $alone, is no debt at the account", ({ weight, alone }) => {
    const driver = new SchedulerDriver();
    const account = tokens(2_000);
    const scarce = driver.path(account, tokens(1_000, "model:scarce"));
    const modest = driver.tenant("modest", weight);
    const demand = { tokens: 100 };
    const rate = alone === "alone" ? 8 : 1;
    for (let i = 0; i < 10 * 60 * rate; i++) {
      const at = T0 + (i * SECOND) / rate;
      driver.at(at, () => driver.enqueue({ tenant: modest, path: scarce, demand }));
    }
    if (alone === "in company") {
      const peer = driver.tenant("peer", weight);
      driver.enqueueMany(4, { tenant: peer, path: scarce, demand, isRepeated: true });
    }
    driver.runFor(5 * MINUTE);
    const from = driver.granted.length;
    const path = driver.path(account);
    driver.enqueueMany(8, { tenant: driver.tenant("flood"), path, demand, isRepeated: true });
    driver.runFor(5 * MINUTE);
    expect(grantsOf(driver, modest, from)).toBeGreaterThanOrEqual(298 * rate);
  });

  test("request-heavy and token-heavy ones on two models have equal dominant shares of the account", () => {
    const driver = new SchedulerDriver();
    const account = [
      bucket({ amount: 6_000, per: MINUTE, initialShare: 0 }),
      bucket({ dimension: "tokens", amount: 6_000_000, per: MINUTE, initialShare: 0 }),
    ];
    const models = [200, 4_000].map((size, i) => ({
      size,
      path: driver.path(...account, bucket({ amount: 1_000, selector: `model:${i}` })),
    }));
    const tenants = Array.from({ length: 20 }, (_, i) => {
      const { path, size } = models[i % 2];
      const tenant = driver.tenant(`${i}`);
      const demand = { requests: 1, tokens: size };
      driver.enqueueMany(4, { tenant, path, demand, isRepeated: true });
      return { tenant, cost: Math.max(1 / 100, size / 100_000) };
    });
    driver.runFor(2 * MINUTE);
    const shares = tenants.map(({ tenant, cost }) => grantsOf(driver, tenant) * cost);
    expect(jain(shares)).toBeGreaterThan(0.99);
  });

  test("are not starved of tokens beside one that takes requests only", () => {
    // By weight would be 120 and 480: the clock of their lane runs with the requests they do not
    // wait for, so that they take turns instead. An open point.
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 100, initialShare: 0 }), tokens(10_000));
    const [light, heavy] = [driver.tenant("light", 1), driver.tenant("heavy", 4)];
    const demand = { requests: 1, tokens: 1_000 };
    for (const tenant of [light, heavy]) {
      driver.enqueueMany(8, { tenant, path, demand, isRepeated: true });
    }
    const other = driver.tenant("other", 0.1);
    for (let i = 0; i < 60 * 50; i++) {
      driver.at(T0 + i * 20 * MS, () => driver.enqueue({ tenant: other, path }));
    }
    driver.runFor(MINUTE);
    expect(grantsOf(driver, light) + grantsOf(driver, heavy)).toBe(600);
    expect(grantsOf(driver, light)).toBeGreaterThanOrEqual(115);
    expect(grantsOf(driver, heavy)).toBeGreaterThanOrEqual(295);
  });

  test("requests without tokens do not pay off what a tenant is ahead in tokens", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 1_000, initialShare: 0 }), tokens(10_000));
    const [plain, mixed] = [driver.tenant("plain"), driver.tenant("mixed")];
    const demand = { requests: 1, tokens: 1_000 };
    for (const tenant of [plain, mixed]) {
      driver.enqueueMany(8, { tenant, path, demand, isRepeated: true });
    }
    for (let i = 0; i < 60 * 20; i++) {
      driver.at(T0 + i * 50 * MS, () =>
        driver.enqueue({ tenant: mixed, path, isChainStep: true, demand: { requests: 1 } }),
      );
    }
    driver.runFor(MINUTE);
    const had = [plain, mixed].map((tenant) =>
      driver.granted
        .filter((job) => job.options.tenant === tenant)
        .reduce((sum, job) => sum + job.demand.tokens, 0),
    );
    expect(jain(had)).toBeGreaterThan(0.99);
  });

  test("what a tenant has had beyond its estimate is not forgiven by requests without tokens", () => {
    const driver = new SchedulerDriver();
    const meter = tokens(1_000);
    const path = driver.path(bucket({ amount: 1_000 }), meter);
    const [plain, over] = [driver.tenant("plain"), driver.tenant("over")];
    const demand = { requests: 1, tokens: 10 };
    driver.enqueue({ tenant: over, path, demand, counted: { requests: 1, tokens: 1_500 } });
    driver.runFor(SECOND);
    driver.enqueueMany(5, { tenant: over, path });
    driver.runFor(2 * SECOND);
    for (const tenant of [over, plain]) driver.enqueueMany(400, { tenant, path, demand });
    const from = driver.granted.length;
    driver.runFor(SECOND);
    // of 200 the first 150 make up for what it has had, the rest is shared
    expect(grantsOf(driver, over, from)).toBeLessThanOrEqual(30);
    expect(grantsOf(driver, plain, from)).toBeGreaterThanOrEqual(170);
  });

  test("newcomers on one path do not starve those of another", () => {
    const driver = new SchedulerDriver();
    const account = bucket({ amount: 10, initialShare: 0 });
    const path = (model: string) =>
      driver.path(account, bucket({ amount: 1_000, selector: `model:${model}` }));
    const [crowded, calm] = [path("crowded"), path("calm")];
    for (let i = 0; i < 60 * 20; i++) {
      driver.at(T0 + i * 50 * MS, () => {
        driver.enqueue({ tenant: driver.tenant(`new-${i}`), path: crowded });
      });
    }
    driver.runFor(10 * SECOND);
    const late = driver.submit({ tenant: driver.tenant("late"), path: calm });
    driver.runFor(20 * SECOND);
    expect(late.state).toBe("settled");
  });
});
