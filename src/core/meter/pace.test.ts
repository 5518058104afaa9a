import { describe, expect, test } from "vitest";
import { bucket, fixedWindow, MINUTE, MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { type Job, SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { type Meter, MICRO_UNITS } from "./meter.ts";
import { paceOf } from "./pace.ts";

const UNIT = MICRO_UNITS;
/** The next window of a minute begins here. */
const RESET = (Math.floor(T0 / MINUTE) + 1) * MINUTE;

function paced(meter: Meter, per = MINUTE): Meter {
  meter.pace = paceOf(meter.capacity, per);
  return meter;
}

/** Queues so many at once; they leave as the meter lets them. */
function queue(meter: Meter, count: number) {
  const driver = new SchedulerDriver();
  const path = driver.path(meter);
  driver.enqueueMany(count, { tenant: driver.tenant("acme"), path });
  return driver;
}

function leftAfter(jobs: readonly Job[], from: number, micros: number): number {
  return jobs.filter(({ grantedAt }) => grantedAt >= from && grantedAt <= from + micros).length;
}

describe("a paced limit", () => {
  test.each([
    { amount: 600, per: MINUTE, atOnce: 10, spread: 6 * SECOND },
    { amount: 60, per: MINUTE, atOnce: 4, spread: 6 * SECOND },
    { amount: 60_000, per: MINUTE, atOnce: 1_000, spread: 6 * SECOND },
    { amount: 100, per: 10 * SECOND, atOnce: 10, spread: SECOND },
    { amount: 5, per: SECOND, atOnce: 5, spread: 100 * MS },
    { amount: 10_000, per: 1_440 * MINUTE, atOnce: 4, spread: 6 * SECOND },
  ])("of $amount a window lets $atOnce go at once, and all over $spread us", (row) => {
    const { amount, per, atOnce, spread } = row;
    const meter = paced(bucket({ amount, per }), per);
    const driver = queue(meter, amount);
    driver.pump();
    while (driver.wakeAt === driver.now) driver.pump();
    expect(driver.granted).toHaveLength(atOnce);
    driver.runUntil(T0 + Math.ceil(spread * (1 - atOnce / amount)) + amount);
    expect(driver.granted).toHaveLength(amount);
  });

  test("leaves evenly after a reset, not as a herd", () => {
    const meter = paced(fixedWindow({ amount: 600, per: MINUTE, initialShare: 0 }));
    const driver = queue(meter, 1_000);
    driver.runUntil(RESET - 1);
    expect(driver.granted).toEqual([]);
    driver.runUntil(RESET + MINUTE - 1);
    expect(driver.granted).toHaveLength(600);
    expect(leftAfter(driver.granted, RESET, 0)).toBe(10);
    for (let second = 0; second < 5; second++) {
      const left = leftAfter(driver.granted, RESET + second * SECOND + 1, SECOND - 1);
      expect(Math.abs(left - 100)).toBeLessThanOrEqual(1);
    }
  });

  test("lets a burst of few go at once, again and again", () => {
    const meter = paced(fixedWindow({ amount: 600, per: MINUTE }));
    const driver = new SchedulerDriver();
    const path = driver.path(meter);
    for (let second = 0; second < 20; second++) {
      driver.enqueueMany(4, { tenant: driver.tenant("acme"), path });
      driver.pump();
      expect(driver.granted).toHaveLength(4 * (second + 1));
      driver.runFor(SECOND);
    }
  });

  test("saves nothing up: after an idle hour no more go at once than at first", () => {
    const meter = paced(fixedWindow({ amount: 600, per: MINUTE }));
    const driver = new SchedulerDriver();
    const path = driver.path(meter);
    driver.runFor(60 * MINUTE);
    driver.enqueueMany(100, { tenant: driver.tenant("acme"), path });
    driver.pump();
    expect(driver.granted).toHaveLength(10);
  });

  test("takes nothing from the limit: what a bucket supplies leaves", () => {
    const meter = paced(bucket({ amount: 600, per: MINUTE }));
    const driver = queue(meter, 10_000);
    driver.runUntil(T0 + 10 * MINUTE);
    expect(Math.abs(driver.granted.length - 6_600)).toBeLessThanOrEqual(1);
  });

  test("tells a true wait, to the microsecond", () => {
    const meter = paced(bucket({ amount: 600, per: MINUTE }));
    let now = T0;
    for (let i = 0; i < 100; i++) {
      const wait = meter.waitFor(UNIT, 0, now);
      if (wait > 1) expect(meter.waitFor(UNIT, 0, now + wait - 1)).toBe(1);
      now += wait;
      expect(meter.waitFor(UNIT, 0, now)).toBe(0);
      meter.debit(UNIT, now);
    }
    expect(now - T0).toBeGreaterThan(0.89 * SECOND);
    expect(now - T0).toBeLessThan(0.91 * SECOND);
  });
});

test("a limit without a pace leaves at once", () => {
  const driver = queue(fixedWindow({ amount: 600, per: MINUTE }), 600);
  driver.runFor(0);
  expect(driver.granted).toHaveLength(600);
});
