import { describe, expect, test } from "vitest";
import { SECOND, T0 } from "../../../test/support/meters.ts";
import type { LimitReading } from "../dialect.ts";
import { LearnedLimits } from "./learned-limits.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

function reading(parts: Partial<LimitReading> = {}): LimitReading {
  return {
    dimension: "requests",
    perMs: null,
    limit: 100,
    remaining: 99,
    resetMs: null,
    resetMeaning: "full",
    quantum: 1,
    ...parts,
  };
}

function learn(limits: LearnedLimits, readings: readonly LimitReading[], model = "gpt-5"): void {
  limits.observe(model, readings, () => true, T0);
}

function learned(...answers: readonly (readonly LimitReading[])[]): LearnedLimits {
  const limits = new LearnedLimits();
  for (const readings of answers) learn(limits, readings);
  return limits;
}

function amountsOf({ list }: LearnedLimits): number[] {
  return list.map(({ limit }) => limit);
}

describe("learned limits", () => {
  test("are what one answer's headers tell: amount, window, what is left", () => {
    const bucket = reading({ limit: 100, remaining: 50, resetMs: 30_000 });
    const window = reading({
      dimension: "tokens",
      perMs: DAY_MS,
      limit: 40_000,
      remaining: 30_000,
      resetMs: 5_000,
      resetMeaning: "window",
    });
    const slots = reading({ dimension: "concurrency", limit: 10, remaining: 9 });
    expect(learned([bucket, window, slots]).list).toEqual([
      {
        model: "gpt-5",
        dimension: "requests",
        limit: 100,
        perMs: MINUTE_MS,
        window: "bucket",
        remaining: 50,
        windowEndsAt: null,
      },
      {
        model: "gpt-5",
        dimension: "tokens",
        limit: 40_000,
        perMs: DAY_MS,
        window: "fixed",
        remaining: 30_000,
        windowEndsAt: T0 + 5 * SECOND,
      },
      {
        model: "gpt-5",
        dimension: "concurrency",
        limit: 10,
        perMs: null,
        window: "bucket",
        remaining: 9,
        windowEndsAt: null,
      },
    ]);
  });

  test.each([null, 0, -1])("a limit of %s is none", (limit) => {
    expect(learned([reading({ limit })]).list).toEqual([]);
  });

  test("leave out what a configured limit covers", () => {
    const limits = new LearnedLimits();
    const readings = [reading(), reading({ dimension: "tokens", limit: 9_000 })];
    limits.observe("gpt-5", readings, ({ dimension }) => dimension === "tokens", T0);
    expect(amountsOf(limits)).toEqual([9_000]);
  });

  test("tell two limits of one dimension apart by their windows, or their order", () => {
    const byWindow = [
      reading({ limit: 5, perMs: 1_000 }),
      reading({ limit: 1_000, perMs: DAY_MS }),
    ];
    expect(amountsOf(learned(byWindow, byWindow))).toEqual([5, 1_000]);
    const byOrder = [reading({ limit: 5 }), reading({ limit: 1_000 })];
    expect(amountsOf(learned(byOrder, byOrder))).toEqual([5, 1_000]);
  });

  test("are of windows that look back where the provider says so", () => {
    const rolling = reading({ perMs: DAY_MS, resetMeaning: "rolling" });
    expect(learned([rolling]).list[0]).toMatchObject({ window: "sliding", perMs: DAY_MS });
  });

  test("are assumed where only the rest is told, and raised by a larger rest, never lowered", () => {
    const rest = (remaining: number, assumedLimit: number) =>
      reading({ limit: null, assumedLimit, remaining });
    const limits = learned([rest(90, 100)]);
    expect(limits.list[0]).toMatchObject({ limit: 100, remaining: 90 });
    learn(limits, [rest(30, 40)]);
    expect(amountsOf(limits)).toEqual([100]);
    for (let i = 0; i < 8; i++) learn(limits, [rest(300, 400)]);
    expect(amountsOf(limits)).toEqual([400]);
  });

  test("are the same list until something in it changes", () => {
    const limits = learned([reading()]);
    const { list } = limits;
    learn(limits, [reading({ remaining: 3 })]);
    expect(limits.list).toBe(list);
    learn(limits, [reading({ limit: 50 })]);
    expect(limits.list).not.toBe(list);
  });

  test("are lowered at once", () => {
    expect(amountsOf(learned([reading()], [reading({ limit: 60 })]))).toEqual([60]);
  });

  test("are raised only when eight answers in a row tell more, to the least of what they tell", () => {
    const limits = learned([reading()]);
    for (let i = 0; i < 7; i++) learn(limits, [reading({ limit: 200 - i })]);
    expect(amountsOf(limits)).toEqual([100]);
    learn(limits, [reading({ limit: 300 })]);
    expect(amountsOf(limits)).toEqual([194]);
  });

  test("do not rise when an answer in between tells the old one", () => {
    const limits = learned([reading()]);
    for (let i = 0; i < 40; i++) learn(limits, [reading({ limit: i % 7 === 6 ? 100 : 200 })]);
    expect(amountsOf(limits)).toEqual([100]);
  });

  test("assume a minute for a bucket until headers tell its window", () => {
    const limits = learned([reading({ remaining: 100, resetMs: 0 })]);
    expect(limits.list[0].perMs).toBe(MINUTE_MS);
    learn(limits, [reading({ remaining: 50, resetMs: DAY_MS / 2 })]);
    expect(limits.list[0].perMs).toBe(DAY_MS);
    learn(limits, [reading({ remaining: 50, resetMs: 30_000 })]);
    expect(limits.list[0].perMs).toBe(DAY_MS);
  });

  test("lengthen an assumed window when a reset is further away than it", () => {
    const fixed = { resetMeaning: "window" } as const;
    const limits = learned([reading({ ...fixed, resetMs: 20_000 })]);
    expect(limits.list[0].perMs).toBe(MINUTE_MS);
    learn(limits, [reading({ ...fixed, resetMs: 600_000 })]);
    learn(limits, [reading({ ...fixed, resetMs: 20_000 })]);
    expect(limits.list[0].perMs).toBe(3_600_000);
  });

  test("are kept apart by model, for 64 models of 8 limits and no more", () => {
    const limits = new LearnedLimits();
    const many = Array.from({ length: 12 }, (_, i) => reading({ limit: i + 1, perMs: i + 1 }));
    for (let i = 0; i < 80; i++) learn(limits, many, `model-${i}`);
    expect(limits.list).toHaveLength(64 * 8);
    expect(new Set(limits.list.map(({ model }) => model)).size).toBe(64);
  });
});
