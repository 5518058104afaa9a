import { describe, expect, test } from "vitest";
import { bucket, fixedWindow, HOUR, MINUTE, slots, T0 } from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { type Demand, demandOf } from "../demand.ts";
import type { LimitReading } from "../dialect.ts";
import { type Meter, MICRO_UNITS } from "../meter/meter.ts";
import type { LimitedDimension } from "../verdict/verdict.ts";
import { allTimed, blamed, emptiest } from "./blame.ts";
import { Budget } from "./budget.ts";
import type { Dispatch } from "./dispatch.ts";

const DEMAND = demandOf({ requests: 1, tokens: 500, usd: 0.1 });

/** 0: requests a minute; 1: requests a day; 2: tokens a minute; 3: dollars a day; 4: slots. */
const METERS = () => [
  bucket({ amount: 600, per: MINUTE }),
  fixedWindow({ amount: 10_000, per: 24 * HOUR }),
  bucket({ dimension: "tokens", amount: 60_000, per: MINUTE }),
  fixedWindow({ dimension: "usd", amount: 100, per: 24 * HOUR }),
  slots(10),
];

/** A request that was refused with so much left by its headers, by place in the path. */
function refused(
  remaining: Readonly<Record<number, number>> = {},
  meters: readonly Meter[] = METERS(),
  demand: Demand = DEMAND,
): Dispatch {
  const { scheduler } = new SchedulerDriver();
  const options = { margin: "auto", hasLimits: true, adaptive: null } as const;
  const budget = new Budget(scheduler, options, T0);
  const dispatch = budget.sent(scheduler.path(meters), demand, T0);
  for (const [place, left] of Object.entries(remaining)) {
    dispatch.told[Number(place)] = { remaining: left, quantum: 1 } as LimitReading;
  }
  return dispatch;
}

describe("a refusal blames", () => {
  describe("what the platform counts by itself, where nothing has the dimension it names", () => {
    const units = (records: number) => demandOf({ requests: 1, units: { points: 50, records } });
    const meters = () => [
      bucket({ dimension: "units:points", amount: 1_000, per: MINUTE }),
      bucket({ dimension: "units:records", amount: 1_000, per: MINUTE, initialShare: 0.5 }),
      fixedWindow({ dimension: "units:points", amount: 9_000, per: 24 * HOUR, initialShare: 0.1 }),
    ];
    const blame = (named: LimitedDimension, records: number, remaining = {}) =>
      blamed(refused(remaining, meters(), units(records)), named, T0);

    test("the one that is nearest to its end", () => {
      expect(blame("requests", 5)).toEqual([1]);
    });

    test("of those that the request takes from", () => {
      expect(blame("requests", 0)).toEqual([0]);
    });

    test("of the window it names", () => {
      expect(blame("requests_per_day", 5)).toEqual([2]);
    });

    test("the one that the answer says is short", () => {
      expect(blame("requests", 5, { 0: 49 })).toEqual([0]);
    });

    test("but not for money", () => {
      const none = refused({}, [bucket({ dimension: "units:points", amount: 5 })]);
      expect(blamed(none, "spend", T0)).toEqual([]);
    });
  });

  test.each<{
    why: string;
    named: LimitedDimension | null;
    remaining?: Record<number, number>;
    places: number[];
  }>([
    { why: "the meter of the dimension it names", named: "tokens", places: [2] },
    { why: "the shorter window of two", named: "requests", places: [0] },
    { why: "the day's where it says so", named: "requests_per_day", places: [1] },
    { why: "another window where that is all there is", named: "tokens_per_day", places: [2] },
    { why: "the money", named: "spend", places: [3] },
    { why: "nothing that is not there", named: "output_tokens", places: [] },
    { why: "nobody knows what without a name", named: null, places: [] },
    {
      why: "what its headers say is short, without a name",
      named: null,
      remaining: { 0: 599, 2: 499 },
      places: [2],
    },
    { why: "all that is short", named: null, remaining: { 0: 0, 2: 499 }, places: [0, 2] },
    {
      why: "not what has just enough",
      named: null,
      remaining: { 0: 1, 2: 500 },
      places: [],
    },
    {
      why: "of what it names, though something else is short too",
      named: "requests",
      remaining: { 2: 0 },
      places: [0],
    },
  ])("$why: $named", ({ named, remaining, places }) => {
    expect(blamed(refused(remaining), named, T0)).toEqual(places);
  });

  test("the only meter there is, without a name", () => {
    expect(blamed(refused({}, [bucket({ amount: 5 }), slots(3)]), null, T0)).toEqual([0]);
  });
});

test("the emptiest is the one with the smallest share left, slots left out", () => {
  const meters = METERS();
  meters[0].debit(300 * MICRO_UNITS, T0);
  meters[2].debit(40_000 * MICRO_UNITS, T0);
  meters[4].debit(10 * MICRO_UNITS, T0);
  expect(emptiest(refused({}, meters), T0)).toBe(2);
  expect(emptiest(refused({}, [slots(3)]), T0)).toBe(-1);
});

test("where nobody knows, all that time fills again may be to blame; else even slots", () => {
  expect(allTimed(refused())).toEqual([0, 1, 2, 3]);
  expect(allTimed(refused({}, [slots(3), slots(4)]))).toEqual([0, 1]);
});
