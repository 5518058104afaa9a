import { beforeEach, describe, expect, test } from "vitest";
import { TestClock } from "../../../../test/support/gateway-clock.ts";
import { SECOND } from "../../../../test/support/meters.ts";
import { demandOf } from "../../../core/demand.ts";
import { FixedWindow } from "../../../core/meter/fixed-window.ts";
import { type Meter, MICRO_UNITS } from "../../../core/meter/meter.ts";
import { Slots } from "../../../core/meter/slots.ts";
import { Scheduler } from "../../../core/scheduler/scheduler.ts";
import type { Reservation } from "../reservation.ts";
import { TenantGate } from "./tenant-gate.ts";

let clock: TestClock;
let log: string[];
beforeEach(() => {
  clock = new TestClock();
  log = [];
});

function gateFor(meters: readonly Meter[]) {
  const options = { bands: [], guarantees: [], holdback: 0, margin: 0, maxWaiting: 10 };
  const scheduler = new Scheduler(options, clock.now());
  const path = scheduler.path([]);
  const gate = new TenantGate({
    clock,
    onPassed: (reservation) => log.push(String(reservation)),
    onExpired: (reservation) => log.push(`late ${String(reservation)}`),
  });
  const tenant = scheduler.tenant({ id: "acme", weight: 1, meters });
  const enter = (name: string, { band = 0, seconds = 60 } = {}) => {
    const reservation = name as unknown as Reservation;
    gate.enter(reservation, {
      ...{ tenant, path, band, deadline: null, isChainStep: false, reference: name },
      demand: demandOf({ requests: 1, tokens: 10 }),
      expiresAt: clock.now() + seconds * SECOND,
    });
  };
  const leave = (name: string) => gate.left(name as unknown as Reservation, "acme");
  return { gate, enter, leave };
}

const slots = (count: number) =>
  new Slots({ dimension: "concurrency", selector: "tenant:acme" }, count * MICRO_UNITS);

describe("a tenant's own meters", () => {
  test("let in as many as they have room for, others when one has gone", () => {
    const { enter, leave } = gateFor([slots(2)]);
    for (const name of ["a", "b", "c"]) enter(name);
    expect(log).toEqual(["a", "b"]);
    leave("a");
    expect(log).toEqual(["a", "b", "c"]);
  });

  test("count what is granted by their own level", () => {
    const own = slots(1);
    const { gate, enter, leave } = gateFor([own]);
    enter("a");
    own.debit(MICRO_UNITS, clock.now()); // granted: debited, and no longer on its way
    leave("a");
    enter("b");
    expect(log).toEqual(["a"]);
    own.credit(MICRO_UNITS, 0, clock.now());
    gate.open("acme");
    expect(log).toEqual(["a", "b"]);
  });

  test("are one for all accounts", () => {
    const own = slots(1);
    const here = gateFor([own]);
    const there = gateFor([own]);
    here.enter("a");
    there.enter("b");
    expect(log).toEqual(["a"]);
    here.leave("a");
    there.gate.open("acme");
    expect(log).toEqual(["a", "b"]);
  });

  test("let the more important in first, in the order of their coming", () => {
    const { enter, leave } = gateFor([slots(1)]);
    enter("first");
    enter("batch", { band: 2 });
    enter("urgent", { band: 0 });
    enter("urgent too", { band: 0 });
    for (const name of ["first", "urgent", "urgent too"]) leave(name);
    expect(log).toEqual(["first", "urgent", "urgent too", "batch"]);
  });

  test("let nobody be granted whose promise was cut: it passes anew", () => {
    const own = slots(2);
    const { gate, enter } = gateFor([own]);
    enter("a");
    const isAdmitted = () => gate.admits("a" as unknown as Reservation);
    expect(isAdmitted()).toBe(true);
    own.resize(MICRO_UNITS);
    own.debit(MICRO_UNITS, clock.now());
    expect(isAdmitted()).toBe(false);
    expect([log, own.promised]).toEqual([["a"], 0]);
    own.credit(MICRO_UNITS, 0, clock.now());
    gate.open("acme");
    expect([log, own.promised]).toEqual([["a", "a"], MICRO_UNITS]);
  });

  test("end a wait on time", async () => {
    const { enter } = gateFor([slots(1)]);
    enter("a");
    enter("b", { seconds: 2 });
    await clock.advance(3_000);
    expect(log).toEqual(["a", "late b"]);
  });

  test("let in again when a window has ended", async () => {
    const end = clock.now() + 5 * SECOND;
    const quota = new FixedWindow({
      label: { dimension: "tokens", selector: "tenant:acme tpd" },
      capacity: 15 * MICRO_UNITS,
      per: 60 * SECOND,
      windowEnd: (now) => (now < end ? end : now + 60 * SECOND),
      now: clock.now(),
      initialShare: 1,
    });
    const { enter, leave } = gateFor([quota]);
    enter("a");
    quota.debit(10 * MICRO_UNITS, clock.now());
    leave("a");
    enter("b");
    expect(log).toEqual(["a"]);
    await clock.advance(6_000);
    expect(log).toEqual(["a", "b"]);
  });
});
