import { expect, test } from "vitest";
import type { BreakerState } from "../core/breaker/breaker.ts";
import { type BreakerEvent, HealthWatch } from "./health-watch.ts";

test("a breaker is told of when it opens and when it has closed, whatever probes say between", () => {
  const told: BreakerEvent[] = [];
  const watch = new HealthWatch({ onBreaker: (event) => told.push(event), onStopped: () => {} });
  const states: BreakerState[] = [
    { kind: "open", until: 5 },
    { kind: "half-open", permits: 1 },
    { kind: "open", until: 9 },
    { kind: "half-open", permits: 2 },
    { kind: "closed" },
    { kind: "closed" },
  ];
  for (const state of states) watch.breaker("openai", { model: "gpt-5", state });
  watch.breaker("openai", { model: undefined, state: { kind: "open", until: 5 } });
  expect(told).toEqual([
    { upstream: "openai", model: "gpt-5", state: "open" },
    { upstream: "openai", model: "gpt-5", state: "closed" },
    { upstream: "openai", model: null, state: "open" },
  ]);
});
