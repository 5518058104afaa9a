import { describe, expect, test } from "vitest";
import { HOUR, T0 } from "../../../test/support/meters.ts";
import { demandOf } from "../demand.ts";
import { epochAligned } from "../meter/fixed-window.ts";
import { TenantUse, type UseState } from "./tenant-use.ts";

const DAY = 24 * HOUR;
const ENDS = { day: epochAligned(DAY), month: epochAligned(30 * DAY) };
/** The beginning of a day, and of one of these months. */
const START = Math.ceil(T0 / (30 * DAY)) * 30 * DAY;

const CALL = demandOf({ requests: 1, tokens: 150, usd: 0.25 });

function amounts({ requests, tokens, usdMicros }: UseState): number[] {
  return [requests, tokens, usdMicros];
}

describe("a tenant's use", () => {
  test("adds up by day and by month, each from 0 when its time has come", () => {
    const use = new TenantUse(ENDS, START);
    use.add(CALL, START);
    use.add(CALL, START + DAY - 1);
    expect(amounts(use.state("day", START + DAY - 1))).toEqual([2, 300, 500_000]);
    expect(amounts(use.state("day", START + DAY))).toEqual([0, 0, 0]);
    use.add(CALL, START + DAY);
    expect(amounts(use.state("month", START + DAY))).toEqual([3, 450, 750_000]);
    expect(amounts(use.state("month", START + 30 * DAY))).toEqual([0, 0, 0]);
    expect(use.state("day", START + 40 * DAY).endsAt).toBe(START + 41 * DAY);
  });

  test("is told in what meters count", () => {
    const use = new TenantUse(ENDS, START);
    use.add(CALL, START);
    expect(use.micros("day", "requests", START)).toBe(1_000_000);
    expect(use.micros("day", "tokens", START)).toBe(150_000_000);
    expect(use.micros("month", "usd", START)).toBe(250_000);
  });

  test("hands out what is new once, and takes back what could not be stored", () => {
    const use = new TenantUse(ENDS, START);
    use.add(CALL, START);
    const taken = use.takeFresh(START);
    expect(taken.map(amounts)).toEqual([
      [1, 150, 250_000],
      [1, 150, 250_000],
    ]);
    expect(use.takeFresh(START).map(amounts)).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    use.add(CALL, START);
    use.giveBack(taken, START);
    expect(use.takeFresh(START).map(amounts)[0]).toEqual([2, 300, 500_000]);
    use.giveBack(taken, START + DAY); // of yesterday: only the month has it
    expect(use.takeFresh(START + DAY).map(amounts)).toEqual([
      [0, 0, 0],
      [1, 150, 250_000],
    ]);
    expect(amounts(use.state("day", START + DAY - 1 + 1))).toEqual([0, 0, 0]);
  });

  test("takes over what was stored, unless that window is over", () => {
    const use = new TenantUse(ENDS, START);
    use.add(CALL, START);
    const stored = { span: "day", requests: 5, tokens: 70, usdMicros: 9 } as const;
    use.restore({ ...stored, endsAt: START + DAY }, START);
    use.restore({ ...stored, endsAt: START }, START);
    expect(amounts(use.state("day", START))).toEqual([6, 220, 250_009]);
    expect(use.takeFresh(START).map(amounts)[0]).toEqual([1, 150, 250_000]);
  });

  test.each([
    ["requests", [0, 150, 250_000]],
    ["tokens", [1, 0, 250_000]],
    ["usd", [1, 150, 0]],
  ] as const)("begins again with its %s alone", (counts, left) => {
    const use = new TenantUse(ENDS, START);
    use.add(CALL, START);
    use.reset("day", counts);
    expect(amounts(use.state("day", START))).toEqual(left);
    expect(use.takeFresh(START).map(amounts)).toEqual([left, [1, 150, 250_000]]);
  });
});
