import { describe, expect, test } from "vitest";
import { MS, SECOND, slidingWindow, T0 } from "../../../test/support/meters.ts";
import { MICRO_UNITS } from "./meter.ts";
import { SlidingWindow } from "./sliding-window.ts";

const UNIT = MICRO_UNITS;
/** One of the 128 slots of a window of 12.8 s: by so much it may be stricter. */
const SLOT = 100 * MS;
const PER = 128 * SLOT;
/** The beginning of a slot. */
const START = Math.ceil(T0 / SLOT) * SLOT;

function emptiedAt(now: number) {
  const meter = slidingWindow({ amount: 100, per: PER });
  meter.debit(100 * UNIT, now);
  return meter;
}

describe("sliding window", () => {
  test.each([
    { at: 0, wait: PER + SLOT, why: "a debit at a slot's begin waits a slot longer" },
    { at: SLOT - 1, wait: PER + 1, why: "one at its end leaves a microsecond after the window" },
    { at: SLOT, wait: PER + SLOT, why: "the next slot begins anew" },
  ])("a debit $at us into a slot is forgotten after $wait us: $why", ({ at, wait }) => {
    expect(emptiedAt(START + at).waitFor(UNIT, 0, START + at)).toBe(wait);
  });

  test("frees each debit by itself, the oldest first", () => {
    const meter = slidingWindow({ amount: 100, per: PER });
    for (let second = 0; second < 4; second++) meter.debit(25 * UNIT, START + second * SECOND);
    const now = START + 4 * SECOND;
    expect(meter.waitFor(25 * UNIT, 0, now)).toBe(PER + SLOT - 4 * SECOND);
    expect(meter.waitFor(26 * UNIT, 0, now)).toBe(PER + SLOT - 3 * SECOND);
    expect(meter.waitFor(100 * UNIT, 0, now)).toBe(PER + SLOT - 1 * SECOND);
  });

  test("gives a refund back only while the debit still counts", () => {
    const meter = slidingWindow({ amount: 100, per: PER });
    meter.debit(40 * UNIT, START);
    const later = START + PER;
    meter.debit(60 * UNIT, later);
    meter.credit(40 * UNIT, START, later);
    expect(meter.level(later)).toBe(40 * UNIT);

    const gone = emptiedAt(START);
    const after = START + PER + SLOT;
    gone.debit(60 * UNIT, after);
    gone.credit(40 * UNIT, START, after);
    expect(gone.level(after)).toBe(40 * UNIT);
  });

  test("a charge that comes after its window counts from now on", () => {
    const meter = emptiedAt(START);
    const after = START + PER + SLOT;
    meter.credit(-30 * UNIT, START, after);
    expect(meter.level(after)).toBe(70 * UNIT);
    expect(meter.waitFor(100 * UNIT, 0, after)).toBe(PER + SLOT);
  });

  test("counts what was used before it was made as used just now", () => {
    const meter = slidingWindow({ amount: 100, per: PER, initialShare: 0.4 });
    expect(meter.level(T0)).toBe(40 * UNIT);
    expect(meter.waitFor(41 * UNIT, 0, T0)).toBeGreaterThanOrEqual(PER);
    expect(meter.level(T0 + PER + SLOT)).toBe(100 * UNIT);
  });

  test("tells when the last debit leaves, not when the newest slot would", () => {
    const meter = emptiedAt(START);
    expect(meter.read(START + 10 * SECOND).resetsAt).toBe(START + PER + SLOT);
  });

  test("another length of window forgets nothing that was used", () => {
    const meter = emptiedAt(START);
    meter.resize(100 * UNIT, SECOND, START + SECOND);
    expect(meter.level(START + SECOND)).toBe(0);
    expect(meter.level(START + 3 * SECOND)).toBe(100 * UNIT);
  });

  test("tells what of ours has left it since, and what others can take meanwhile", () => {
    const meter = slidingWindow({ amount: 128, per: PER });
    meter.debit(40 * UNIT, START);
    const freed = START + PER + SLOT;
    // A unit a slot is what others take on average.
    expect(meter.refilled(freed - 10 * SLOT, freed - SLOT)).toBe(9 * UNIT);
    expect(meter.refilled(freed - SLOT, freed)).toBe(41 * UNIT);
    expect(meter.refilled(freed + SLOT, freed + 2 * SLOT)).toBe(UNIT);
  });

  test("that stood still for longer than it is long has let all go", () => {
    const meter = slidingWindow({ amount: 128, per: PER });
    meter.debit(40 * UNIT, START);
    const later = START + 3 * PER;
    expect(meter.refilled(later - SLOT, later)).toBe(41 * UNIT);
    expect(meter.refilled(START, later)).toBe(128 * UNIT);
  });

  test("that began half used lets it go evenly if nobody knows when it was used", () => {
    const options = { capacity: 128 * UNIT, per: PER, now: START, initialShare: 0.5 };
    const label = { dimension: "requests", selector: "account" } as const;
    const meter = new SlidingWindow({ ...options, label, isUsedEvenly: true });
    expect(meter.level(START)).toBe(64 * UNIT);
    expect(meter.level(START + PER / 2)).toBe(95.5 * UNIT);
    expect(meter.level(START + PER + SLOT)).toBe(128 * UNIT);
  });
});
