import { describe, expect, test } from "vitest";
import { type Lease, LeasedMeter } from "./leased-meter.ts";

const UNIT = 1_000_000;
const NOW = 1_000_000_000;
const END = NOW + 60_000_000;

function lease(more: Partial<Lease> = {}): Lease {
  return {
    ...{ amount: 10, free: 50, lent: 0, taken: 0, share: null },
    ...{ usableUntil: NOW + 2_000, windowEndsAt: END, isNewWindow: false, askedAt: NOW },
    ...more,
  };
}

function start(per: number | null = 60_000_000) {
  let lacking = 0;
  let returned = 0;
  const meter = new LeasedMeter({
    label: { dimension: per === null ? "concurrency" : "tokens", selector: "tenant:acme" },
    ...{ capacity: 100, per },
    onLacking: () => lacking++,
    onReturned: () => returned++,
  });
  const lend = (more: Partial<Lease> = {}) => meter.lend(lease(more), meter.takeNeeds(false, NOW));
  return { meter, lend, counts: () => ({ lacking, returned }) };
}

describe("a leased window", () => {
  test("has nothing until it is lent something, and asks for it", () => {
    const { meter, counts } = start();
    const wait = meter.waitFor(7, 0, NOW);
    expect([wait > 0, meter.isAsking(wait), counts().lacking]).toEqual([true, true, 1]);
    meter.waitFor(12, 0, NOW);
    expect(meter.takeNeeds(false, NOW)).toMatchObject({ least: 7, want: 12 });
    expect(meter.takeNeeds(false, NOW)).toMatchObject({ least: 0, want: 0 });
  });

  test("gives what it was lent, until the lease is over", () => {
    const { meter, lend } = start();
    lend();
    expect(meter.waitFor(10, 0, NOW)).toBe(0);
    meter.debit(4, NOW);
    expect([meter.level(NOW), meter.level(NOW + 2_000)]).toEqual([6, 0]);
  });

  test("waits for the window's end only for what nobody could give back", () => {
    const { meter, lend } = start();
    lend({ amount: 10, free: 20, lent: 5 });
    expect(meter.isAsking(meter.waitFor(35, 0, NOW))).toBe(true);
    expect(meter.waitFor(36, 0, NOW)).toBe(END - NOW);
    expect([meter.isUsedUp(35), meter.isUsedUp(36)]).toEqual([false, true]);
    meter.resize(110);
    expect(meter.isAsking(meter.waitFor(36, 0, NOW))).toBe(true);
  });

  test("tells what it has taken once, less what came back", () => {
    const { meter, lend } = start();
    lend();
    meter.debit(8, NOW);
    meter.credit(3, NOW, NOW);
    const told = meter.takeNeeds(false, NOW);
    expect(told).toMatchObject({ untold: 5, want: 16, keep: 5 });
    meter.debit(2, NOW); // before it is answered
    meter.lend(lease({ amount: 9 }), told);
    expect(meter.level(NOW)).toBe(7);
    expect(meter.takeNeeds(false, NOW)).toMatchObject({ untold: 2 });
  });

  test("gives up what it does not keep, as soon as it has said so", () => {
    const { meter, lend } = start();
    lend();
    meter.debit(2, NOW);
    expect(meter.takeNeeds(true, NOW).keep).toBe(0);
    expect(meter.level(NOW)).toBe(0);
  });

  test("keeps what is promised, also while others want it", () => {
    const { meter, lend } = start();
    lend();
    meter.promised = 3;
    expect(meter.isIdle).toBe(false);
    expect(meter.takeNeeds(false, NOW).keep).toBe(3);
    expect(meter.takeNeeds(true, NOW).keep).toBe(3);
    expect(meter.level(NOW)).toBe(3);
  });

  test("takes nothing back of a window that has ended", () => {
    const { meter, lend } = start();
    lend();
    meter.debit(8, NOW);
    lend({ isNewWindow: true, askedAt: NOW + 10, usableUntil: NOW + 9_000 });
    meter.credit(8, NOW, NOW + 20);
    expect(meter.level(NOW + 20)).toBe(10);
    expect(meter.takeNeeds(false, NOW + 20).untold).toBe(0);
  });

  test("shows what all have taken", () => {
    const { meter, lend } = start();
    lend({ taken: 40 });
    meter.debit(5, NOW);
    expect(meter.read()).toEqual({ limit: 100, level: 55, resetsAt: END });
  });
});

describe("leased slots", () => {
  test("come back by release alone", () => {
    const { meter, lend } = start(null);
    lend({ amount: UNIT, windowEndsAt: null });
    meter.debit(UNIT, NOW);
    expect(meter.waitFor(UNIT, 0, NOW)).toBe(Number.POSITIVE_INFINITY);
    expect(meter.takeNeeds(false, NOW)).toMatchObject({ inUse: UNIT });
    meter.credit(UNIT, NOW, NOW);
    expect(meter.waitFor(UNIT, 0, NOW)).toBe(0);
  });

  test("that others wait for are given back instead of being used again", () => {
    const { meter, lend, counts } = start(null);
    lend({ amount: 2 * UNIT, windowEndsAt: null });
    meter.debit(2 * UNIT, NOW);
    lend({ amount: 0, share: UNIT, windowEndsAt: null });
    meter.credit(UNIT, NOW, NOW);
    expect([meter.level(NOW), counts().returned]).toEqual([0, 1]);
    meter.credit(UNIT, NOW, NOW);
    expect(meter.level(NOW)).toBe(UNIT);
    expect(meter.takeNeeds(false, NOW).keep).toBe(0);
  });
});
