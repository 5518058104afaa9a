import { describe, expect, test } from "vitest";
import type { LearnedLimit } from "../../core/budget/options.ts";
import { MICROS_PER_MS } from "../../core/clock.ts";
import { Bucket } from "../../core/meter/bucket.ts";
import { FixedWindow } from "../../core/meter/fixed-window.ts";
import { MICRO_UNITS } from "../../core/meter/meter.ts";
import { SlidingWindow } from "../../core/meter/sliding-window.ts";
import { Slots } from "../../core/meter/slots.ts";
import { configuredRules, learnedRules, meterFor } from "./learned-rules.ts";
import { createMeter, type LimitRule } from "./limit-meter.ts";

const MINUTE_MS = 60_000;
/** Half a minute after a whole one. */
const T0 = (1_700_000_040_000 + MINUTE_MS / 2) * MICROS_PER_MS;
const CONFIGURED: LimitRule = {
  selector: { models: null, project: null, key: null, each: false },
  dimension: "requests",
  amount: 60,
  perMs: MINUTE_MS,
  window: "bucket",
  resetsAt: null,
  timeZone: null,
};

function learned(parts: Partial<LearnedLimit> = {}): LearnedLimit {
  return {
    model: null,
    dimension: "requests",
    limit: 60,
    perMs: MINUTE_MS,
    window: "bucket",
    remaining: null,
    windowEndsAt: null,
    ...parts,
  };
}

/** @param initialShare of configured limits */
function meterOf(parts: Partial<LearnedLimit>, initialShare = 1) {
  const [known] = learnedRules([learned(parts)]);
  return meterFor(known, null, T0, initialShare);
}

const levelOf = (parts: Partial<LearnedLimit>, initialShare?: number) =>
  meterOf(parts, initialShare).level(T0) / MICRO_UNITS;

describe("rules", () => {
  test("are for the model whose answers told them, or for the account", () => {
    const rules = learnedRules([learned({ model: "gpt-5" }), learned({ dimension: "tokens" })]);
    expect(rules.map(({ rule }) => rule)).toEqual([
      {
        ...CONFIGURED,
        selector: { ...CONFIGURED.selector, models: ["gpt-5"] },
      },
      { ...CONFIGURED, dimension: "tokens" },
    ]);
    expect(rules.every((known) => known.learned !== null)).toBe(true);
  });

  test("of a name with a star there are none: it would count what it was not told for", () => {
    const limits = ["*", "gpt-*", "gpt-5"].map((model) => learned({ model }));
    expect(learnedRules(limits).map(({ rule }) => rule.selector.models)).toEqual([["gpt-5"]]);
  });

  test("that are configured know nothing that was told", () => {
    expect(configuredRules([CONFIGURED])).toEqual([{ rule: CONFIGURED, learned: null }]);
  });
});

describe("a learned meter", () => {
  test.each([
    [60, 60],
    [15, 15],
    [0, 0],
    [null, 60],
    [90, 60],
    [-5, 0],
  ])(
    "told that %s of 60 are left begins with %s, whatever share others begin with",
    (remaining, level) => {
      expect(levelOf({ remaining }, 0.1)).toBe(level);
      expect(levelOf({ remaining, window: "fixed", windowEndsAt: T0 + 1_000 }, 0.1)).toBe(level);
    },
  );

  test.each<[string, Partial<LearnedLimit>, unknown, string]>([
    ["a bucket", {}, Bucket, "account"],
    ["a fixed window", { window: "fixed", windowEndsAt: T0 + 1_000 }, FixedWindow, "account"],
    ["a fixed window whose end nobody told", { window: "fixed" }, FixedWindow, "account"],
    ["slots", { dimension: "concurrency", perMs: null, model: "m" }, Slots, "model:m"],
  ])("is %s if it was told to be", (_, parts, kind, selector) => {
    const meter = meterOf(parts);
    expect(meter).toBeInstanceOf(kind);
    expect(meter.label).toEqual({ dimension: parts.dimension ?? "requests", selector });
    expect(meter.capacity).toBe(60 * MICRO_UNITS);
  });
});

describe("a fixed window", () => {
  const inMs = (ms: number) => T0 + ms * MICROS_PER_MS;
  const window = (endsInMs: number | null) =>
    meterOf({
      window: "fixed",
      remaining: 10,
      windowEndsAt: endsInMs === null ? null : inMs(endsInMs),
    });
  const levelAt = (meter: ReturnType<typeof window>, ms: number) =>
    meter.level(inMs(ms)) / MICRO_UNITS;

  test.each([7_000, 30_000, 59_999])(
    "ends when it was told, after %s ms, and each minute after that",
    (endsInMs) => {
      const meter = window(endsInMs);
      expect(meter.read(T0).resetsAt).toBe(inMs(endsInMs));
      expect([levelAt(meter, endsInMs - 1), levelAt(meter, endsInMs)]).toEqual([10, 60]);
      meter.debit(25 * MICRO_UNITS, inMs(endsInMs));
      expect([
        levelAt(meter, endsInMs + MINUTE_MS - 1),
        levelAt(meter, endsInMs + MINUTE_MS),
      ]).toEqual([35, 60]);
    },
  );

  test("whose end nobody told ends with the minute", () => {
    const meter = window(null);
    expect([levelAt(meter, 29_999), levelAt(meter, 30_000)]).toEqual([10, 60]);
  });

  test("that was told longer ago ends where its later ones do", () => {
    const [known] = learnedRules([learned({ window: "fixed", windowEndsAt: inMs(-130_000) })]);
    expect(meterFor(known, null, T0, 1).read(T0).resetsAt).toBe(inMs(50_000));
  });

  test.each([
    ["told", T0 + 1_000_000],
    ["not told", null],
  ])("with its end %s leaves as a stream, as a configured one does", (_, windowEndsAt) => {
    const parts = { window: "fixed", limit: 6_000, windowEndsAt } as const;
    const configured = createMeter({ ...CONFIGURED, window: "fixed", amount: 6_000 }, null, T0, 1);
    const waitAfterBurst = (meter: ReturnType<typeof window>) => {
      meter.debit(200 * MICRO_UNITS, T0);
      return meter.waitFor(MICRO_UNITS, 0, T0);
    };
    const wait = waitAfterBurst(configured);
    expect(wait).toBeGreaterThan(0);
    expect(waitAfterBurst(meterOf(parts))).toBe(wait);
  });
});

test("a window that looks back begins with what was left; the rest comes back bit by bit", () => {
  const meter = meterOf({ limit: 1_280, remaining: 640, window: "sliding" });
  expect(meter).toBeInstanceOf(SlidingWindow);
  expect(meter.level(T0) / MICRO_UNITS).toBe(640);
  const half = meter.level(T0 + (MINUTE_MS / 2) * MICROS_PER_MS) / MICRO_UNITS;
  expect(half).toBeGreaterThan(900);
  expect(half).toBeLessThan(1_000);
});
