import { describe, expect, test } from "vitest";
import { SECOND, T0 } from "../../../test/support/meters.ts";
import { Raises } from "./raises.ts";

/** Adds one gap a step; returns what each of them raised. */
function raisesOf(gaps: readonly number[], step = 0, raises = new Raises()): number[] {
  return gaps.map((gap, i) => raises.add(gap, T0 + i * step));
}

describe("raises", () => {
  test.each<{ why: string; gaps: number[]; step?: number; raised: number[] }>([
    {
      why: "the eighth sample raises by the least of them",
      gaps: [90, 80, 70, 30, 60, 50, 40, 100],
      raised: [0, 0, 0, 0, 0, 0, 0, 30],
    },
    {
      why: "one that says less than the level is enough to raise nothing",
      gaps: [90, 90, 90, -5, 90, 90, 90, 90],
      raised: [0, 0, 0, 0, 0, 0, 0, 0],
    },
    {
      why: "every eight of them are looked at alone",
      gaps: [...Array(8).fill(-5), ...Array(8).fill(20)],
      raised: [...Array(15).fill(0), 20],
    },
    {
      why: "after ten seconds fewer have to do",
      gaps: [50, 40, 60],
      step: 5 * SECOND,
      raised: [0, 0, 40],
    },
    {
      why: "but a single one never does, however late",
      gaps: [50],
      step: 60 * SECOND,
      raised: [0],
    },
    {
      why: "nor is the first after a raise its own confirmation",
      gaps: [50, 40, 60],
      step: 20 * SECOND,
      raised: [0, 40, 0],
    },
  ])("$why", ({ gaps, step, raised }) => {
    expect(raisesOf(gaps, step)).toEqual(raised);
  });

  test("what was collected before a level was lowered does not count", () => {
    const raises = new Raises();
    raisesOf(Array(7).fill(10), 0, raises);
    raises.clear();
    expect(raisesOf(Array(8).fill(25), 0, raises)).toEqual([0, 0, 0, 0, 0, 0, 0, 25]);
  });
});
