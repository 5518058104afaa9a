import { describe, expect, test } from "vitest";
import { bucket, MS, SECOND } from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { createRandom } from "../../workload/random.ts";
import { auditScheduler } from "./audit-scheduler.ts";

const BANDS = ["critical", "premium", "free"].map((tier) => ({ tier, latency: "real-time" }));
const GUARANTEE = { label: "free", share: 0.1, bands: [2] };

/** A scheduler that forgets all order: it grants the newest request that waits. */
function withoutOrder(driver: SchedulerDriver): void {
  const { scheduler } = driver;
  scheduler.pump = () => {
    const waiting = driver.jobs.filter(({ state }) => state === "waiting");
    return {
      granted: waiting.slice(-1),
      expired: [],
      displaced: [],
      wakeAt: Number.POSITIVE_INFINITY,
    };
  };
}

function queueTwo(driver: SchedulerDriver, { criticalTokens = 10 } = {}): void {
  const path = driver.path(bucket({ dimension: "tokens", amount: 100, initialShare: 0.5 }));
  const tenant = driver.tenant("t");
  driver.enqueue({ tenant, path, band: 0, demand: { tokens: criticalTokens } });
  driver.enqueue({ tenant, path, band: 2, demand: { tokens: 20 } });
}

describe("an audit", () => {
  test("counts a grant past someone of a higher band who fitted", () => {
    const driver = new SchedulerDriver({ bands: BANDS });
    withoutOrder(driver);
    const audit = auditScheduler(driver.scheduler);
    queueTwo(driver);
    driver.pump();
    expect(audit()).toEqual({ grants: 1, byGuarantee: 0, inversions: 1 });
  });

  test("does not if the other did not fit, by what was there before the grant", () => {
    const driver = new SchedulerDriver({ bands: BANDS });
    withoutOrder(driver);
    const audit = auditScheduler(driver.scheduler);
    queueTwo(driver, { criticalTokens: 51 });
    driver.pump();
    expect(audit()).toEqual({ grants: 1, byGuarantee: 0, inversions: 0 });
  });

  test("does not if the other has left, or is not eligible yet", () => {
    const driver = new SchedulerDriver({ bands: BANDS });
    const audit = auditScheduler(driver.scheduler);
    const path = driver.path(bucket({ dimension: "tokens", amount: 100 }));
    const [tenant, other] = [driver.tenant("t"), driver.tenant("u")];
    const retried = driver.submit({ tenant, path, band: 0, demand: { tokens: 90 }, service: null });
    driver.retry(retried, { tokens: 0 }, 10 * SECOND);
    driver.submit({ tenant: other, path, band: 2, demand: { tokens: 50 } });
    driver.cancel(retried);
    driver.submit({ tenant: other, path, band: 2, demand: { tokens: 50 } });
    expect(audit()).toEqual({ grants: 3, byGuarantee: 0, inversions: 0 });
  });

  test("excuses what a guarantee has earned, and no more", () => {
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [GUARANTEE] });
    withoutOrder(driver);
    const audit = auditScheduler(driver.scheduler);
    const path = driver.path(bucket({ dimension: "tokens", amount: 6_000, per: 60 * SECOND }));
    const tenant = driver.tenant("t");
    driver.enqueue({ tenant, path, band: 0, demand: { tokens: 1 } });
    driver.enqueueMany(7, { tenant, path, band: 2, demand: { tokens: 20 } });
    driver.enqueueMany(9, { tenant, path, band: 2, demand: { tokens: 10 } });
    for (let grant = 0; grant < 16; grant++) {
      driver.now += SECOND;
      driver.pump();
    }
    // A tenth of each second is guaranteed: that pays for one of 10 tokens a second, not for one of 20.
    expect(audit()).toEqual({ grants: 16, byGuarantee: 9, inversions: 7 });
  });

  test("finds none in the real scheduler under a random load", () => {
    const random = createRandom(11);
    const driver = new SchedulerDriver({ bands: BANDS, guarantees: [GUARANTEE], holdback: 0.05 });
    const audit = auditScheduler(driver.scheduler);
    const path = driver.path(
      bucket({ dimension: "tokens", amount: 1_000, per: 10 * SECOND, initialShare: 0 }),
      bucket({ dimension: "requests", amount: 20, per: 2 * SECOND, initialShare: 0 }),
    );
    const tenants = ["a", "b", "c", "d"].map((id) => driver.tenant(id));
    for (let step = 0; step < 2_000; step++) {
      driver.runFor(Math.floor(random() * 60 * MS));
      driver.submit({
        tenant: tenants[Math.floor(random() * tenants.length)],
        path,
        band: Math.floor(random() * BANDS.length),
        demand: { requests: 1, tokens: 1 + Math.floor(random() ** 3 * 80) },
        maxWait: 5 * SECOND,
        service: 200 * MS,
      });
    }
    const { grants, inversions } = audit();
    expect(grants).toBeGreaterThan(300);
    expect(inversions).toBe(0);
  });
});
