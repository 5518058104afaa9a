import { expect, test } from "vitest";
import { adviceAt } from "./advice.ts";

const LEVELS = { warn: 0.8, act: 0.9 };

test.each([
  { pressure: 0.79, latency: "real-time", advice: [] },
  { pressure: 0.8, latency: "real-time", advice: ["reduce-tool-calls"] },
  { pressure: 0.9, latency: "near-real-time", advice: ["reduce-tool-calls", "simplify-plan"] },
  { pressure: 0.79, latency: "batch", advice: [] },
  { pressure: 1, latency: "batch", advice: ["defer-batch"] },
] as const)("at a pressure of $pressure $latency work is advised $advice", (one) => {
  expect(adviceAt(one.pressure, LEVELS, one.latency)).toEqual(one.advice);
});
