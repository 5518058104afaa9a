import { describe, expect, test } from "vitest";
import {
  bucket,
  fixedWindow,
  MINUTE,
  MS,
  SECOND,
  slots,
  T0,
} from "../../../test/support/meters.ts";
import type { Meter } from "../meter/meter.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { Reconciler } from "./reconciler.ts";

const UNIT = MICRO_UNITS;

/** A meter of 60,000 tokens a minute, 1,000 a second, and its reconciler; whole tokens and microseconds since T0. */
class Account {
  readonly meter: Meter;
  readonly reconciler: Reconciler;

  constructor(meter: Meter = bucket({ dimension: "tokens", amount: 60_000, per: MINUTE })) {
    this.meter = meter;
    this.reconciler = new Reconciler(meter, T0);
  }

  level(at: number): number {
    return Math.round(this.meter.level(T0 + at) / UNIT);
  }

  send(tokens: number, at: number, pending = 0): void {
    this.meter.debit(tokens * UNIT, T0 + at);
    this.reconciler.sent(pending * UNIT, T0 + at);
  }

  end(pending: number, at: number): void {
    this.reconciler.ended(pending * UNIT, T0 + at);
  }

  /** An answer to what was sent at `sentAt` says what is left. */
  answer(remaining: number, sentAt: number, at: number, own = 0): void {
    this.reconciler.observe(this.#told(remaining, sentAt, at), own * UNIT, T0 + at);
  }

  refuse(remaining: number, own: number, sentAt: number, at: number): void {
    this.reconciler.refused(this.#told(remaining, sentAt, at), own * UNIT, T0 + at);
  }

  #told(remaining: number, sentAt: number, at: number) {
    return { remaining: remaining * UNIT, quantum: 0, sentAt: T0 + sentAt, headAt: T0 + at };
  }
}

/** Half empty, and so is the provider's as far as we know. */
function halfEmpty(): Account {
  const account = new Account();
  account.send(30_000, 0);
  return account;
}

describe("a level that headers correct", () => {
  test("is lowered at once to what one answer allows at most", () => {
    const account = halfEmpty();
    account.answer(10_000, 0, 2 * SECOND);
    expect(account.level(2 * SECOND)).toBe(12_000);
  });

  test("keeps what left since the answer's head came, and takes nothing twice", () => {
    const account = halfEmpty();
    account.send(5_000, SECOND);
    account.answer(10_000, 0, 2 * SECOND);
    account.answer(10_000, 0, 2 * SECOND);
    expect(account.level(2 * SECOND)).toBe(12_000);
    account.send(500, 2 * SECOND + 20 * MS);
    const told = { remaining: 10_000 * UNIT, quantum: 0, sentAt: T0, headAt: T0 + 2 * SECOND };
    account.reconciler.observe(told, 0, T0 + 2 * SECOND + 20 * MS);
    expect(account.level(2 * SECOND + 20 * MS)).toBeGreaterThan(11_500);
    expect(account.level(2 * SECOND + 20 * MS)).toBeLessThanOrEqual(11_520);
  });

  test("is never set to what remains: that is less by all that came in the meantime", () => {
    const account = halfEmpty();
    account.answer(29_000, 0, 5 * SECOND);
    expect(account.level(5 * SECOND)).toBe(34_000);
  });

  test("is raised by the least of eight answers, not by seven", () => {
    const account = halfEmpty();
    for (let i = 1; i <= 7; i++) account.answer(50_000 + i * 100, SECOND, SECOND);
    expect(account.level(SECOND)).toBe(31_000);
    account.answer(45_000, SECOND, SECOND);
    expect(account.level(SECOND)).toBe(45_000);
  });

  test("is not raised by what may not have been counted: all sent since 250 ms before it", () => {
    const account = halfEmpty();
    account.send(7_000, SECOND - 240 * MS);
    account.send(2_000, SECOND, 0);
    for (let i = 0; i < 8; i++) account.answer(50_000, SECOND, SECOND, 2_000);
    expect(account.level(SECOND)).toBe(43_000);
  });

  test("nor by what is counted only as it is produced, until its call has ended", () => {
    const account = new Account();
    account.send(30_000, 0, 4_000);
    for (let i = 0; i < 8; i++) account.answer(50_000, SECOND, SECOND);
    expect(account.level(SECOND)).toBe(46_000);
    account.end(4_000, SECOND);
    for (let i = 0; i < 8; i++) account.answer(50_000, 2 * SECOND, 2 * SECOND);
    expect(account.level(2 * SECOND)).toBe(50_000);
  });

  test("is not raised by answers to what was sent before it was last lowered", () => {
    const account = halfEmpty();
    account.answer(10_000, 0, 2 * SECOND);
    for (let i = 0; i < 20; i++) account.answer(50_000, SECOND, 2 * SECOND);
    expect(account.level(2 * SECOND)).toBe(12_000);
  });
});

describe("a level after a refusal", () => {
  test("is what the provider had, once the refused demand is given back", () => {
    const account = halfEmpty();
    account.send(800, 0);
    account.refuse(300, 800, 0, 500 * MS);
    account.meter.credit(800 * UNIT, T0, T0 + 500 * MS);
    expect(account.level(500 * MS)).toBe(800);
  });

  test("forgets the raises that had been collected", () => {
    const account = halfEmpty();
    for (let i = 0; i < 7; i++) account.answer(50_000, SECOND, SECOND);
    account.refuse(0, 0, SECOND, SECOND);
    account.answer(50_000, SECOND, SECOND);
    expect(account.level(SECOND)).toBe(0);
  });
});

describe("foreign traffic", () => {
  /** A second of answers, four a second, while others take so much; we take nothing. */
  function live(account: Account, foreign: number, from: number, seconds: number): void {
    let left = account.level(from);
    for (let i = 1; i <= seconds * 4; i++) {
      left = Math.min(60_000, left + (1_000 - foreign) / 4);
      const at = from + i * 250 * MS;
      account.answer(left, at - 1, at);
    }
  }

  test("is learned from levels that have to be lowered again and again", () => {
    const account = halfEmpty();
    live(account, 600, 0, 60);
    expect(account.meter.foreign).toBeGreaterThan(400);
    expect(account.meter.foreign).toBeLessThanOrEqual(600);
    expect(account.meter.supply).toBeLessThan(600);
  });

  test("is never believed to leave less than a fifth: we would stop asking, and not learn better", () => {
    const account = halfEmpty();
    live(account, 2_000, 0, 14);
    account.refuse(0, 0, 14 * SECOND, 14 * SECOND);
    live(account, 1_500, 14 * SECOND, 300);
    expect(account.meter.foreign).toBe(800);
    expect(account.meter.supply).toBe(200);
  });

  test("is forgotten when answers say that there is more than we think", () => {
    const account = halfEmpty();
    live(account, 600, 0, 60);
    account.refuse(0, 0, MINUTE, MINUTE);
    live(account, 0, MINUTE, 55);
    expect(account.meter.foreign).toBeLessThan(100);
  });
});

describe("a window", () => {
  const daily = () => new Account(fixedWindow({ dimension: "tokens", amount: 1_000, per: MINUTE }));
  /** To the end of T0's minute. */
  const left = MINUTE - (T0 % MINUTE);

  test("learns nothing from an answer to what was sent in the one before", () => {
    const account = daily();
    account.answer(3, left - SECOND, left + SECOND);
    account.refuse(3, 10, left - SECOND, left + SECOND);
    expect(account.level(left + SECOND)).toBe(1_000);
  });

  test("is lowered to what is left of it, and not by what will come", () => {
    const account = daily();
    account.answer(300, left + SECOND, left + 5 * SECOND);
    expect(account.level(left + 5 * SECOND)).toBe(300);
    expect(account.meter.foreign).toBe(0);
  });
});

test("of slots nothing foreign is learned", () => {
  const account = new Account(slots(10));
  account.answer(2, 0, SECOND);
  expect(account.level(SECOND)).toBe(2);
  expect(account.meter.foreign).toBe(0);
});
