import { describe, expect, test } from "vitest";
import { bucket, MINUTE, SECOND, slots, T0 } from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { demandOf } from "../demand.ts";
import type { LimitReading } from "../dialect.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import type { LimitedDimension, Verdict } from "../verdict/verdict.ts";
import { Budget } from "./budget.ts";
import { Epoch } from "./epoch.ts";
import { cut, restingPlaces, waitOf } from "./refusal.ts";

const UNIT = MICRO_UNITS;
const OPTIONS = { margin: "auto", hasLimits: true, adaptive: null } as const;

function quota(dimension: LimitedDimension | null, retryAfterMs: number | null = null): Verdict {
  return { class: "quota", dimension, retryable: true, retryAfterMs };
}

/** 600 requests and 60,000 tokens a minute, and ten slots. */
function account() {
  const { scheduler } = new SchedulerDriver();
  const requests = bucket({ amount: 600, per: MINUTE });
  const tokens = bucket({ dimension: "tokens", amount: 60_000, per: MINUTE });
  const budget = new Budget(scheduler, OPTIONS, T0);
  const path = scheduler.path([requests, tokens, slots(10)]);
  const demand = demandOf({ requests: 1, tokens: 500 });
  const send = (at = 0) => {
    requests.debit(UNIT, T0 + at);
    tokens.debit(500 * UNIT, T0 + at);
    return budget.sent(path, demand, T0 + at);
  };
  const marginsOf = ({ book }: ReturnType<typeof send>) =>
    book.watches.map((watch) => watch && Number(watch.floorShare.toFixed(3)));
  return { requests, tokens, send, marginsOf, unnamed: new Epoch() };
}

test.each([
  { retryAfterMs: 1_500, wait: 1.5 * SECOND },
  { retryAfterMs: 0, wait: 0 },
  { retryAfterMs: null, wait: null },
])("a wait of $retryAfterMs ms is $wait us", ({ retryAfterMs, wait }) => {
  expect(waitOf(quota("tokens", retryAfterMs))).toBe(wait);
});

describe("what rests", () => {
  test.each<{ named: LimitedDimension | null; places: number[] }>([
    { named: "tokens", places: [1] },
    { named: "requests", places: [0] },
    { named: null, places: [0, 1] },
    { named: "output_tokens", places: [0, 1] },
  ])("is $places where $named is named", ({ named, places }) => {
    expect(restingPlaces(account().send(), quota(named), T0)).toEqual(places);
  });
});

describe("a cut", () => {
  test("takes the named meter to what its headers say, and raises its margin alone", () => {
    const { requests, tokens, send, marginsOf, unnamed } = account();
    const dispatch = send();
    dispatch.told[1] = { remaining: 200, quantum: 0 } as LimitReading;
    expect(cut(dispatch, quota("tokens"), unnamed, T0)).toBe(true);
    tokens.credit(500 * UNIT, T0, T0);
    expect(tokens.level(T0)).toBe(200 * UNIT);
    expect(requests.level(T0)).toBe(599 * UNIT);
    expect(marginsOf(dispatch)).toEqual([0.1, 0.12, null]);
  });

  test("without headers takes it to less than was asked for", () => {
    const { tokens, send, unnamed } = account();
    cut(send(), quota("tokens"), unnamed, T0);
    tokens.credit(500 * UNIT, T0, T0);
    expect(tokens.level(T0)).toBe(500 * UNIT);
  });

  test("believes no header that says there was enough", () => {
    const { tokens, send, unnamed } = account();
    const dispatch = send();
    dispatch.told[1] = { remaining: 40_000, quantum: 0 } as LimitReading;
    cut(dispatch, quota("tokens"), unnamed, T0);
    tokens.credit(500 * UNIT, T0, T0);
    expect(tokens.level(T0)).toBe(500 * UNIT);
  });

  test("counts in what has come since the request was sent", () => {
    const { tokens, send, unnamed } = account();
    cut(send(), quota("tokens"), unnamed, T0 + 2 * SECOND);
    tokens.credit(500 * UNIT, T0, T0 + 2 * SECOND);
    expect(tokens.level(T0 + 2 * SECOND)).toBe(2_500 * UNIT);
  });

  test("happens once for a hundred in flight, and again for what was sent after it", () => {
    const { send, marginsOf, unnamed } = account();
    const dispatches = Array.from({ length: 100 }, () => send());
    const cuts = dispatches.map((one) => cut(one, quota("tokens"), unnamed, T0 + SECOND));
    expect(cuts.filter((isNew) => isNew)).toHaveLength(1);
    const later = send(2 * SECOND);
    expect(cut(later, quota("tokens"), unnamed, T0 + 3 * SECOND)).toBe(true);
    expect(marginsOf(later)[1]).toBeGreaterThan(0.14);
  });

  test("where nobody knows what bound lowers no level: the emptiest keeps more, once an epoch", () => {
    const { requests, tokens, send, marginsOf, unnamed } = account();
    tokens.debit(30_000 * UNIT, T0);
    const [one, other] = [send(), send()];
    expect(cut(one, quota(null), unnamed, T0)).toBe(true);
    expect(cut(other, quota(null), unnamed, T0)).toBe(false);
    expect(marginsOf(one)).toEqual([0.1, 0.12, null]);
    expect([requests.level(T0), tokens.level(T0)]).toEqual([598 * UNIT, 29_000 * UNIT]);
  });
});
