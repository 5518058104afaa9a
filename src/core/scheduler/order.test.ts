import { describe, expect, test } from "vitest";
import { bucket, MINUTE, SECOND, slots, T0 } from "../../../test/support/meters.ts";
import {
  type JobOptions,
  numbersOf,
  SchedulerDriver,
} from "../../../test/support/scheduler-driver.ts";

type Part = Pick<JobOptions, "deadline" | "isChainStep">;

/** Queues these in the given order for one tenant; returns the order in which they are granted. */
function orderOf(parts: Record<string, Part>): string[] {
  const driver = new SchedulerDriver();
  const path = driver.path(bucket({ amount: 1, initialShare: 0 }));
  const tenant = driver.tenant("acme");
  const jobs = Object.entries(parts).map(([name, part]) => ({
    name,
    job: driver.enqueue({ tenant, path, ...part }),
  }));
  driver.runFor(MINUTE);
  return driver.granted.map((job) => jobs.find((entry) => entry.job === job)?.name ?? "?");
}

describe("order inside a tenant", () => {
  test.each([
    { name: "arrival", parts: { a: {}, b: {}, c: {} }, order: ["a", "b", "c"] },
    {
      name: "deadline before arrival, none last",
      parts: {
        none: {},
        late: { deadline: T0 + 50 * SECOND },
        soon: { deadline: T0 + 20 * SECOND },
        alsoSoon: { deadline: T0 + 20 * SECOND },
      },
      order: ["soon", "alsoSoon", "late", "none"],
    },
    {
      name: "chain step before any deadline",
      parts: { soon: { deadline: T0 + SECOND }, none: {}, step: { isChainStep: true } },
      order: ["step", "soon", "none"],
    },
    {
      name: "among chain steps deadline, then arrival",
      parts: {
        first: { isChainStep: true },
        second: { isChainStep: true },
        due: { isChainStep: true, deadline: T0 + 20 * SECOND },
      },
      order: ["due", "first", "second"],
    },
  ] as { name: string; parts: Record<string, Part>; order: string[] }[])(
    "$name",
    ({ parts, order }) => {
      expect(orderOf(parts)).toEqual(order);
    },
  );

  test("a retry keeps its place before what arrived after it", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(slots(1));
    const tenant = driver.tenant("acme");
    const options = { tenant, path, service: null };
    const [first, second, third] = driver.enqueueMany(3, options);
    driver.pump();
    expect(numbersOf(driver.granted)).toEqual(numbersOf([first]));
    driver.retry(first, {});
    expect(numbersOf(driver.granted)).toEqual(numbersOf([first, first]));
    driver.settle(first);
    driver.settle(second);
    expect(numbersOf(driver.granted)).toEqual(numbersOf([first, first, second, third]));
  });

  test("a retry that has to stay away lets others pass and comes back to its place", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 1 }));
    const tenant = driver.tenant("acme");
    const [first] = driver.enqueueMany(1, { tenant, path, service: null });
    const rest = driver.enqueueMany(5, { tenant, path });
    driver.pump();
    driver.retry(first, { requests: 1 }, 2_500_000);
    driver.runFor(MINUTE);
    expect(driver.granted).toEqual([first, rest[0], rest[1], first, rest[2], rest[3], rest[4]]);
    expect(first.grantedAt - T0).toBe(3 * SECOND);
  });

  test("a retry that is the only one is granted as soon as it may", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 10 }));
    const job = driver.submit({ tenant: driver.tenant("acme"), path, service: null });
    driver.retry(job, { requests: 1 }, 1_234_567);
    expect(driver.wakeAt).toBe(T0 + 1_234_567);
    driver.runFor(MINUTE);
    expect(job.grantedAt - T0).toBe(1_234_567);
  });

  test("a cancelled retry does not come back", () => {
    const driver = new SchedulerDriver();
    const path = driver.path(bucket({ amount: 10 }));
    const job = driver.submit({ tenant: driver.tenant("acme"), path, service: null });
    driver.retry(job, { requests: 1 }, SECOND);
    expect(driver.scheduler.waiting).toBe(1);
    expect(driver.cancel(job)).toBe(true);
    expect(driver.scheduler.waiting).toBe(0);
    driver.runFor(MINUTE);
    expect(job.grants).toBe(1);
    expect(driver.wakeAt).toBe(Number.POSITIVE_INFINITY);
  });
});
