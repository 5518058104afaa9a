import { describe, expect, test } from "vitest";
import { T0 } from "../../../test/support/meters.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { SlowStart } from "./slow-start.ts";

function slotsOf({ meter }: SlowStart): number {
  return meter.capacity / MICRO_UNITS;
}

/** Answers so often; returns the slots after each of them. */
function answer(start: SlowStart, times: number): number[] {
  return Array.from({ length: times }, () => {
    start.answered();
    return slotsOf(start);
  });
}

describe("a slow start", () => {
  test("lets four in flight before the first answer, and no fifth", () => {
    const { meter } = new SlowStart();
    for (let i = 0; i < 4; i++) {
      expect(meter.waitFor(MICRO_UNITS, 0, T0)).toBe(0);
      meter.debit(MICRO_UNITS, T0);
    }
    expect(meter.waitFor(MICRO_UNITS, 0, T0)).toBe(Number.POSITIVE_INFINITY);
  });

  test("doubles with every round of answers, and not before it is complete", () => {
    const slots = answer(new SlowStart(), 4 + 8 + 16);
    expect(slots.slice(0, 4)).toEqual([4, 4, 4, 8]);
    expect(slots.slice(4, 12)).toEqual([8, 8, 8, 8, 8, 8, 8, 16]);
    expect(slots.slice(12)).toEqual([...Array(15).fill(16), 32]);
  });

  test("begins its round anew after a refusal", () => {
    const start = new SlowStart();
    answer(start, 3);
    start.refused();
    expect(answer(start, 4)).toEqual([4, 4, 4, 8]);
  });

  test("says when a round is complete, and only then", () => {
    const start = new SlowStart();
    expect(Array.from({ length: 5 }, () => start.answered())).toEqual([
      false,
      false,
      false,
      true,
      false,
    ]);
  });

  test("holds back nothing any more once 4,096 have been answered at once, or limits are known", () => {
    const long = new SlowStart();
    const most = answer(long, 8_188).at(-1);
    expect(most).toBe(1_000_000);
    expect(long.isOver).toBe(true);
    const told = new SlowStart();
    expect(told.isOver).toBe(false);
    told.end();
    expect(told.isOver).toBe(true);
    expect(slotsOf(told)).toBe(1_000_000);
    expect(told.answered()).toBe(false);
  });
});
