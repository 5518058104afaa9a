import { describe, expect, test } from "vitest";
import { bucket, fixedWindow, HOUR, MINUTE, slots, T0 } from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { demandOf } from "../demand.ts";
import type { LimitReading } from "../dialect.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { Slots } from "../meter/slots.ts";
import { PathBook } from "./path-book.ts";
import { Rest } from "./rest.ts";
import { Watch } from "./watch.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** 0: 600 requests a minute; 1: 10,000 a day; 2: 60,000 tokens a minute; 3: ten slots. */
function book(): PathBook {
  const meters = [
    bucket({ amount: 600, per: MINUTE }),
    fixedWindow({ amount: 10_000, per: 24 * HOUR }),
    bucket({ dimension: "tokens", amount: 60_000, per: MINUTE }),
    slots(10),
  ];
  const path = new SchedulerDriver().path(...meters);
  const watches = meters.map((meter) =>
    meter instanceof Slots ? null : new Watch(meter, "auto", T0),
  );
  return new PathBook(path, {
    watches,
    rests: meters.map((meter) => new Rest(meter)),
    inFlight: null,
  });
}

function reading(parts: Partial<LimitReading>): LimitReading {
  return {
    dimension: "requests",
    perMs: null,
    limit: null,
    remaining: 1,
    resetMs: null,
    resetMeaning: "full",
    quantum: 1,
    ...parts,
  };
}

describe("the meter that a reading is about", () => {
  test.each<{ why: string; parts: Partial<LimitReading>; place: number }>([
    { why: "the one with its amount", parts: { limit: 600 }, place: 0 },
    { why: "with its amount and window", parts: { limit: 10_000, perMs: DAY_MS }, place: 1 },
    {
      why: "a day with a changed clock is a day",
      parts: { limit: 10_000, perMs: 90_000_000 },
      place: 1,
    },
    { why: "none with another amount", parts: { limit: 500 }, place: -1 },
    { why: "none with another window", parts: { limit: 600, perMs: DAY_MS }, place: -1 },
    {
      why: "none of another dimension",
      parts: { dimension: "input_tokens", limit: 600 },
      place: -1,
    },
    { why: "without an amount the only one of its window", parts: { perMs: MINUTE_MS }, place: 0 },
    { why: "without either, one of two: nobody knows", parts: {}, place: -1 },
    { why: "without either, the only one", parts: { dimension: "tokens" }, place: 2 },
    {
      why: "no slots: they are not watched",
      parts: { dimension: "concurrency", limit: 10 },
      place: -1,
    },
  ])("is $place: $why", ({ parts, place }) => {
    expect(book().placeOf(reading(parts), [])).toBe(place);
  });

  test("is one that has none yet", () => {
    const told: LimitReading[] = [];
    const one = reading({ limit: 600 });
    told[0] = one;
    expect(book().placeOf(one, told)).toBe(-1);
    expect(book().placeOf(reading({}), told)).toBe(1);
  });
});

test("meters alike are those of a reading's dimension and window, whatever their amount", () => {
  const amounts = (parts: Partial<LimitReading>) =>
    book()
      .alike(reading(parts))
      .map(({ meter }) => meter.capacity / MICRO_UNITS);
  expect(amounts({ limit: 7 })).toEqual([600, 10_000]);
  expect(amounts({ limit: 7, perMs: MINUTE_MS })).toEqual([600]);
  expect(amounts({ limit: 7, perMs: 10_000 })).toEqual([]);
});

test("a demand asks each meter for its own dimension, and a slot", () => {
  const demand = demandOf({ requests: 1, tokens: 250 });
  expect([0, 1, 2, 3].map((i) => book().amount(i, demand) / MICRO_UNITS)).toEqual([1, 1, 250, 1]);
});
