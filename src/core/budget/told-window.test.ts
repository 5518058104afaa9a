import { describe, expect, test } from "vitest";
import type { LimitReading } from "../dialect.ts";
import { assumedPerMs, toldPerMs } from "./told-window.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

function reading(parts: Partial<LimitReading>): LimitReading {
  return {
    dimension: "tokens",
    perMs: null,
    limit: 1_000,
    remaining: 500,
    resetMs: null,
    resetMeaning: "full",
    quantum: 1,
    ...parts,
  };
}

describe("the window that headers tell", () => {
  test.each<{ why: string; parts: Partial<LimitReading>; perMs: number | null }>([
    { why: "what the dialect knows", parts: { perMs: 10_000 }, perMs: 10_000 },
    {
      why: "a minute: half is missing and comes in half a minute",
      parts: { resetMs: 30_000 },
      perMs: MINUTE_MS,
    },
    {
      // At OpenAI's rate in a public trace, 1.5 million a day: research/schedulers.md 3d.
      why: "a day: 100,000 tokens come at 17.36 a second",
      parts: { limit: 1_500_000, remaining: 1_400_000, resetMs: 5_760_369 },
      perMs: DAY_MS,
    },
    { why: "about a minute is a minute", parts: { resetMs: 34_000 }, perMs: MINUTE_MS },
    { why: "what no provider uses is taken as told", parts: { resetMs: 150_000 }, perMs: 300_000 },
    { why: "too little is missing", parts: { remaining: 985, resetMs: 900 }, perMs: null },
    {
      why: "one of a small limit is not too little",
      parts: { limit: 10, remaining: 9, resetMs: 6_000 },
      perMs: MINUTE_MS,
    },
    { why: "too short to tell", parts: { resetMs: 99 }, perMs: null },
    { why: "no reset", parts: {}, perMs: null },
    { why: "no rest", parts: { remaining: null, resetMs: 30_000 }, perMs: null },
    {
      why: "the end of a window says nothing of its length",
      parts: { resetMs: 30_000, resetMeaning: "window" },
      perMs: null,
    },
  ])("$why", ({ parts, perMs }) => {
    expect(toldPerMs(reading(parts))).toBe(perMs);
  });
});

describe("the window that is assumed meanwhile", () => {
  test.each<{ why: string; parts: Partial<LimitReading>; perMs: number }>([
    { why: "of a bucket a minute", parts: { resetMs: 900_000 }, perMs: MINUTE_MS },
    { why: "without a reset a minute", parts: { resetMeaning: "window" }, perMs: MINUTE_MS },
    {
      why: "never less than a minute",
      parts: { resetMeaning: "window", resetMs: 500 },
      perMs: MINUTE_MS,
    },
    {
      why: "the shortest usual one that holds the reset",
      parts: { resetMeaning: "window", resetMs: 60_001 },
      perMs: 3_600_000,
    },
    {
      why: "or the reset itself",
      parts: { resetMeaning: "window", resetMs: 30 * DAY_MS },
      perMs: 30 * DAY_MS,
    },
  ])("$why", ({ parts, perMs }) => {
    expect(assumedPerMs(reading(parts))).toBe(perMs);
  });
});
