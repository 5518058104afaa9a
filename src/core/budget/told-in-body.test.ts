import { describe, expect, test } from "vitest";
import { bucket, SECOND, T0 } from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { demandOf } from "../demand.ts";
import type { LimitReading } from "../dialect.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { OK_VERDICT, type Verdict } from "../verdict/verdict.ts";
import { Budget } from "./budget.ts";
import type { Dispatch } from "./dispatch.ts";

const UNIT = MICRO_UNITS;
const THROTTLED: Verdict = {
  class: "quota",
  dimension: "requests",
  retryable: true,
  retryAfterMs: null,
};

function points(remaining: number, limit: number | null = 1_000): LimitReading {
  return {
    dimension: "units:points",
    perMs: 20_000,
    limit,
    remaining,
    resetMs: null,
    resetMeaning: "full",
    quantum: 0,
  };
}

/** A bucket of a thousand points, fifty a second, with a budget over it. */
class Shop {
  readonly meter = bucket({ dimension: "units:points", amount: 1_000, per: 20 * SECOND });
  readonly budget: Budget;
  readonly #driver = new SchedulerDriver();
  readonly #path = this.#driver.scheduler.path([this.meter]);
  now = T0;

  constructor(hasLimits = true) {
    const options = { margin: 0, hasLimits, adaptive: null } as const;
    this.budget = new Budget(this.#driver.scheduler, options, T0);
  }

  get level(): number {
    return this.meter.level(this.now) / UNIT;
  }

  send(reserved: number): Dispatch {
    this.meter.debit(reserved * UNIT, this.now);
    return this.budget.sent(this.#path, demandOf({ units: { points: reserved } }), this.now);
  }

  /** The answer is here after 100 ms; `counted` of what was `reserved` was taken. */
  answer(dispatch: Dispatch, reserved: number, counted: number, reading: LimitReading): void {
    this.now += SECOND / 10;
    this.budget.observe(dispatch, [], this.now, this.now);
    this.budget.observeBody(
      dispatch,
      [reading],
      demandOf({ units: { points: counted } }),
      this.now,
    );
    this.budget.conclude(dispatch, OK_VERDICT, this.now);
    this.meter.credit((reserved - counted) * UNIT, dispatch.sentAt, this.now);
  }
}

describe("limits that an answer's body tells", () => {
  test("are as they stand after the settlement: what is given back is not given twice", () => {
    const shop = new Shop();
    for (let i = 0; i < 20; i++) {
      const dispatch = shop.send(100);
      shop.now += SECOND; // what comes back until then
      // The provider has taken ten, too.
      shop.answer(dispatch, 100, 10, points(990));
      expect(shop.level).toBeLessThanOrEqual(1_000);
      expect(shop.level).toBeGreaterThanOrEqual(990);
    }
  });

  test("lower the level to what they leave, whatever was reserved", () => {
    const shop = new Shop();
    shop.answer(shop.send(100), 100, 10, points(300));
    // Somebody else has taken the rest; five points have come back on the way.
    expect(shop.level).toBe(305);
  });

  test("of a call that took more than was reserved lower it by the difference", () => {
    const shop = new Shop();
    shop.answer(shop.send(10), 10, 200, points(800));
    expect(shop.level).toBe(805);
  });

  test("hold against what was sent since its head came, too", () => {
    const shop = new Shop();
    const first = shop.send(100);
    shop.now += SECOND / 10;
    shop.budget.observe(first, [], shop.now, shop.now);
    shop.now += SECOND / 10;
    shop.send(50);
    shop.now += SECOND / 10;
    // While the body was written the second one has arrived and is in the count.
    shop.budget.observeBody(first, [points(850)], demandOf({ units: { points: 100 } }), shop.now);
    expect(shop.level).toBe(865);
  });

  test("say what a refusal is about, before it is concluded", () => {
    const shop = new Shop();
    const dispatch = shop.send(100);
    shop.now += SECOND / 10;
    shop.budget.observe(dispatch, [], shop.now, shop.now);
    shop.budget.observeBody(dispatch, [points(20)], demandOf({}), shop.now);
    const { isNewEpoch, frozenUntil } = shop.budget.conclude(dispatch, THROTTLED, shop.now);
    shop.meter.credit(100 * UNIT, dispatch.sentAt, shop.now);
    expect(isNewEpoch).toBe(true);
    expect(frozenUntil).toBeGreaterThan(shop.now);
    expect(shop.level).toBe(25);
  });

  test("are learned where none is configured", () => {
    const shop = new Shop(false);
    shop.answer(shop.send(0), 0, 0, { ...points(400, null), assumedLimit: 1_000 });
    expect(shop.budget.learned).toEqual([
      {
        model: null,
        dimension: "units:points",
        limit: 1_000,
        perMs: 20_000,
        window: "bucket",
        remaining: 400,
        windowEndsAt: null,
      },
    ]);
  });

  test("that only tell the rest correct the one configured limit of that window", () => {
    const shop = new Shop();
    shop.answer(shop.send(100), 100, 100, { ...points(500, null), assumedLimit: 700 });
    expect(shop.level).toBe(505);
    expect(shop.budget.learned).toEqual([]);
    expect(shop.budget.differences).toEqual([]);
  });
});
