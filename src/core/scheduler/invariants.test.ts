/** Invariants: random histories on random limits; a failure prints the seed and the smallest history. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MINUTE } from "../../../test/support/meters.ts";
import type { JobState } from "../../../test/support/scheduler-driver.ts";
import { runs } from "../../../test/support/scheduler-runs.ts";
import { histories, type Run, runOf, worlds } from "../../../test/support/scheduler-world.ts";
import { amountOf } from "../demand.ts";
import type { Meter } from "../meter/meter.ts";

const ENDS: readonly JobState[] = ["settled", "cancelled", "expired", "displaced", "refused"];

describe("whatever happens", () => {
  test("meters, bands, waits and sums stay right after every pump, and everything ends", () => {
    const seen = new Set<JobState>();
    fc.assert(
      fc.property(worlds, histories, (world, steps) => {
        const { driver } = runOf(world, steps);
        const left = driver.jobs.filter((job) => !ENDS.includes(job.state));
        expect(left.map((job) => job.number)).toEqual([]);
        expect(driver.wakeAt).toBe(Number.POSITIVE_INFINITY);
        for (const job of driver.jobs) seen.add(job.state);
      }),
      runs(400),
    );
    expect(seen).toEqual(new Set(ENDS));
  });

  test("every grant is settled once, and what has ended can neither end nor be settled again", () => {
    fc.assert(
      fc.property(worlds, histories, (world, steps) => {
        const run = runOf(world, steps);
        const { driver, meters } = run;
        expect(driver.settlements.length).toBe(driver.granted.length);
        const ended = driver.jobs.filter((job) => job.handle >= 0);
        expect(ended.some((job) => driver.cancel(job) || driver.settle(job))).toBe(false);
        for (const meter of meters) expect(meter.charged).toBe(countedAt(meter, run));
      }),
      runs(100),
    );
  });

  test("no window of any limit holds more than the limit allows, wherever it begins and ends", () => {
    let admissions = 0;
    fc.assert(
      fc.property(worlds, histories, (world, steps) => {
        for (const log of runOf(world, steps).logs) {
          if (log.admissions > 0) expect(log.worstExcess).toBeLessThanOrEqual(0);
          admissions += log.admissions;
        }
      }),
      runs(200),
    );
    expect(admissions).toBeGreaterThan(1_000);
  });

  test("in the end every meter is full, every slot free and nothing is left in the sums", () => {
    fc.assert(
      fc.property(worlds, histories, (world, steps) => {
        const { driver, meters, tenants } = runOf(world, steps);
        driver.runFor(MINUTE);
        for (const meter of meters) expect(meter.level(driver.now)).toBe(meter.capacity);
        for (const band of driver.scheduler.bands) {
          for (const i of driver.scheduler.meters.keys()) expect(band.queued.at(i)).toBe(0);
          expect([band.waiting, band.competing, band.activeWeight]).toEqual([0, 0, 0]);
          for (const tenant of tenants) {
            expect(tenant.meters.map((_, i) => tenant.queuedAhead(band.index, i))).toEqual(
              tenant.meters.map(() => 0),
            );
          }
        }
        expect([driver.scheduler.waiting, driver.scheduler.running]).toEqual([0, 0]);
        expect(tenants.every((tenant) => driver.scheduler.forget(tenant))).toBe(true);
      }),
      runs(100),
    );
  });

  test("the same history has the same log, to the microsecond", () => {
    fc.assert(
      fc.property(worlds, histories, (world, steps) => {
        const [once, again] = [1, 2].map(() => logOf(runOf(world, steps)));
        expect(again).toEqual(once);
      }),
      runs(50),
    );
  });
});

/** What the provider has counted in all, of the requests that touch the meter; slots come back. */
function countedAt(meter: Meter, { driver }: Run): number {
  const { dimension } = meter.label;
  if (dimension === "concurrency") return 0;
  return driver.settlements
    .filter(({ job: { options } }) =>
      [...options.path.meters, ...options.tenant.meters].includes(meter),
    )
    .reduce((sum, { counted }) => sum + amountOf(counted, dimension) * 1_000_000, 0);
}

function logOf({ driver }: Run): unknown[] {
  const grants = driver.granted.map((job) => job.number);
  const jobs = driver.jobs.map((job) => [
    job.state,
    job.grants,
    job.grantedAt,
    job.endedAt,
    job.expectedWait,
    job.refusal?.code,
    job.refusal?.retryAfter,
  ]);
  return [...grants, ...jobs];
}
