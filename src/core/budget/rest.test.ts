import { describe, expect, test } from "vitest";
import { bucket, HOUR, MINUTE, SECOND, T0 } from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { Rest, type RestCause } from "./rest.ts";

const UNIT = MICRO_UNITS;

/** Times are microseconds since T0. */
function resting(amount = 100) {
  const meter = bucket({ amount, per: 10 * SECOND });
  const driver = new SchedulerDriver();
  const path = driver.path(meter);
  const rest = new Rest(meter);
  const begin = (at: number, cause: Partial<RestCause> = {}) =>
    rest.begin(
      driver.scheduler,
      { wait: null, isNewEpoch: true, ...cause, sentAt: T0 + (cause.sentAt ?? at) },
      T0 + at,
    );
  const until = () => Math.min(meter.frozenUntil, rest.endsAt) - T0;
  const served = (sentAt: number, at: number) => rest.served(T0 + sentAt, T0 + at);
  return { meter, driver, path, begin, until, served };
}

describe("a rest", () => {
  test.each([0.1 * SECOND, 7 * SECOND, HOUR])(
    "lasts as long as the provider says: %d us",
    (wait) => {
      const { begin, until } = resting();
      begin(SECOND, { wait });
      expect(until()).toBe(SECOND + wait);
    },
  );

  test("lasts a second where the provider says nothing and the ledger has room", () => {
    const { begin, until } = resting();
    begin(0);
    expect(until()).toBe(SECOND);
  });

  test("lasts until the ledger is out of debt where that takes longer", () => {
    const { meter, begin, until } = resting();
    meter.debit(150 * UNIT, T0);
    begin(0);
    expect(until()).toBe(5 * SECOND);
  });

  test("without a stated wait is begun once for two hundred refusals in flight", () => {
    const { begin, until } = resting();
    begin(0);
    for (let i = 1; i < 200; i++) begin(i * 1_000, { sentAt: 0, isNewEpoch: false });
    expect(until()).toBe(SECOND);
  });

  test("takes the longest of the waits told to requests in flight together", () => {
    const { begin, until } = resting();
    begin(SECOND, { sentAt: 0, wait: 5 * SECOND });
    begin(SECOND, { sentAt: 0, wait: 2 * SECOND, isNewEpoch: false });
    expect(until()).toBe(6 * SECOND);
    begin(SECOND, { sentAt: 0, wait: 8 * SECOND, isNewEpoch: false });
    expect(until()).toBe(9 * SECOND);
  });

  test("takes a shorter wait from what was sent later: the newest word holds", () => {
    const { begin, until } = resting();
    begin(SECOND, { sentAt: 0, wait: HOUR });
    begin(70 * SECOND, { sentAt: 65 * SECOND, wait: 3 * SECOND });
    expect(until()).toBe(73 * SECOND);
  });
});

describe("a rest is over", () => {
  test("when something is served that was sent after it began", () => {
    const { begin, until, served, meter } = resting();
    begin(SECOND, { wait: MINUTE });
    served(2 * SECOND, 3 * SECOND);
    expect(until()).toBeLessThanOrEqual(3 * SECOND);
    expect(meter.waitFor(UNIT, 0, T0 + 3 * SECOND)).toBe(0);
  });

  test.each([0, SECOND])("not when what was served was sent before, at %d", (sentAt) => {
    const { begin, until, served } = resting();
    begin(SECOND, { wait: MINUTE });
    served(sentAt, 3 * SECOND);
    expect(until()).toBe(61 * SECOND);
  });

  test("and what had been sent before that success begins no other one", () => {
    const { begin, until, served } = resting();
    begin(SECOND, { wait: MINUTE });
    served(2 * SECOND, 3 * SECOND);
    begin(4 * SECOND, { sentAt: 2.5 * SECOND, wait: MINUTE });
    expect(until()).toBeLessThanOrEqual(3 * SECOND);
    begin(5 * SECOND, { sentAt: 3.5 * SECOND, wait: MINUTE });
    expect(until()).toBe(65 * SECOND);
  });
});

describe("a rest of more than a minute", () => {
  /** A request that would wait for hours. */
  const patient = { demand: { requests: 1 }, maxWait: 3 * HOUR, service: null };

  test("lets one request a minute find out whether it still has to be", () => {
    const { begin, driver, path } = resting();
    begin(0, { wait: HOUR });
    const tenant = driver.tenant("acme");
    for (let second = 1; second <= 10 * 60; second += 1) {
      driver.runUntil(T0 + second * SECOND);
      driver.submit({ ...patient, tenant, path });
    }
    expect(driver.granted.map((job) => (job.grantedAt - T0) / SECOND)).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((minute) => minute * 60),
    );
  });

  test("is probed by a lone waiter too, though nothing else happens", () => {
    const { begin, driver, path } = resting();
    begin(0, { wait: HOUR });
    driver.submit({ ...patient, tenant: driver.tenant("acme"), path });
    driver.runUntil(T0 + 130 * SECOND);
    expect(driver.granted).toHaveLength(1);
  });

  test.each([MINUTE, 30 * SECOND])("one of %d us lets nobody probe", (wait) => {
    const { begin, driver, path } = resting();
    begin(0, { wait });
    driver.submit({ ...patient, tenant: driver.tenant("acme"), path });
    driver.runUntil(T0 + wait - 1);
    expect(driver.granted).toEqual([]);
    driver.runUntil(T0 + wait);
    expect(driver.granted).toHaveLength(1);
  });

  test("ends its probes with it: a short rest afterwards has none", () => {
    const { begin, driver, path } = resting();
    begin(0, { wait: 2 * MINUTE });
    driver.runUntil(T0 + 3 * MINUTE);
    begin(3 * MINUTE, { wait: 50 * SECOND });
    driver.submit({ ...patient, tenant: driver.tenant("acme"), path });
    driver.runUntil(T0 + 3 * MINUTE + 49 * SECOND);
    expect(driver.granted).toEqual([]);
  });
});

describe("after five refusals and nothing served in between", () => {
  /** Refusals of what was sent together, and ten that wait. */
  function refused(count: number, wait: number | null = SECOND) {
    const it = resting(1_000);
    for (let i = 0; i < count; i++) it.begin(1_000, { sentAt: 0, wait, isNewEpoch: i === 0 });
    const options = { tenant: it.driver.tenant("acme"), path: it.path, service: null };
    it.driver.enqueueMany(10, options);
    const sentBy = (at: number) => {
      it.driver.runUntil(T0 + at);
      return it.driver.granted.length;
    };
    return { ...it, sentBy };
  }

  test.each([SECOND, null])(
    "one request finds out whether it is over, with a wait of %s",
    (wait) => {
      const few = refused(4, wait);
      expect([few.sentBy(0.9 * SECOND), few.sentBy(1.1 * SECOND)]).toEqual([0, 10]);
      const many = refused(5, wait);
      expect([0.9, 1.1, 5.9].map((second) => many.sentBy(second * SECOND))).toEqual([0, 1, 1]);
    },
  );

  test("the others go once it is served, or if it is not answered for five seconds", () => {
    const answered = refused(50);
    answered.sentBy(1.5 * SECOND);
    answered.served(1.001 * SECOND, 1.5 * SECOND);
    expect(answered.sentBy(1.6 * SECOND)).toBe(10);
    const silent = refused(50);
    expect([silent.sentBy(5.9 * SECOND), silent.sentBy(6.1 * SECOND)]).toEqual([1, 10]);
  });

  test("the next finds out later and later, up to four seconds, until one is served", () => {
    const { begin, sentBy, driver, served, until } = refused(5, 0.02 * SECOND);
    const sentAt: number[] = [];
    for (let probe = 1; probe <= 5; probe++) {
      while (sentBy(driver.now - T0 + 10_000) < probe) if (driver.now > T0 + MINUTE) break;
      sentAt.push(driver.granted[probe - 1].grantedAt - T0);
      begin(driver.now - T0, { sentAt: sentAt[probe - 1], wait: 0.02 * SECOND });
    }
    const gaps = sentAt.slice(1).map((at, i) => Math.round((at - sentAt[i]) / SECOND));
    expect(gaps).toEqual([1, 2, 4, 4]);
    sentBy(driver.now - T0 + 4.1 * SECOND);
    served(driver.granted[5].grantedAt - T0, driver.now - T0);
    begin(driver.now - T0, { sentAt: driver.now - T0, wait: 0.02 * SECOND });
    expect(until() - (driver.now - T0)).toBe(0.02 * SECOND);
  });

  test("whoever waits is not ended for it, and what is told is when the provider says", () => {
    const { begin, driver, path, until } = resting(1_000);
    for (let i = 0; i < 5; i++) begin(0, { sentAt: 0, wait: SECOND, isNewEpoch: i === 0 });
    expect(until()).toBe(SECOND);
    const job = driver.enqueue({ tenant: driver.tenant("acme"), path, maxWait: 10 * SECOND });
    driver.runUntil(T0 + 2 * SECOND);
    expect(job.state).toBe("settled");
  });
});
