import { describe, expect, test } from "vitest";
import { bucket, fixedWindow, MINUTE, SECOND, T0 } from "../../../test/support/meters.ts";
import { type Demand, demandOf } from "../demand.ts";
import type { Meter } from "../meter/meter.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { pendingOf, Watch } from "./watch.ts";

const UNIT = MICRO_UNITS;

/** 1,000 tokens a second. */
function tokens(initialShare = 1): Meter {
  return bucket({ dimension: "tokens", amount: 60_000, per: MINUTE, initialShare });
}

function told(remaining: number, sentAt = T0, headAt = T0) {
  return { remaining: remaining * UNIT, quantum: 0, sentAt, headAt };
}

/** Sends one request of so many tokens, after its debit as admission does it. */
function send(watch: Watch, amount: number, now = T0): Demand {
  const demand = demandOf({ requests: 1, tokens: amount });
  watch.meter.debit(amount * UNIT, now);
  watch.sent(amount * UNIT, demand, now);
  return demand;
}

describe("the share that a watch keeps", () => {
  test("starts at 10 %, or is what is configured", () => {
    expect(new Watch(tokens(), "auto", T0).floorShare).toBe(0.1);
    expect(new Watch(tokens(), 0.25, T0).floorShare).toBe(0.25);
    expect(new Watch(tokens(), 0, T0).floorShare).toBe(0);
  });

  test("is learned down by grants while the meter binds, and not by others", () => {
    const full = new Watch(tokens(), "auto", T0);
    const empty = new Watch(tokens(0.1), "auto", T0);
    for (let i = 0; i < 50; i++) {
      send(full, 10);
      send(empty, 10);
    }
    expect(full.floorShare).toBe(0.1);
    expect(empty.floorShare).toBeLessThan(0.1);
  });

  test("a configured one is not learned", () => {
    const watch = new Watch(tokens(0.1), 0.25, T0);
    for (let i = 0; i < 50; i++) send(watch, 10);
    watch.refused(told(0), 10 * UNIT, null, T0);
    expect(watch.floorShare).toBe(0.25);
  });

  test("is raised by a refusal, once for two hundred in flight", () => {
    const watch = new Watch(tokens(), "auto", T0);
    const epochs = Array.from({ length: 200 }, (_, i) =>
      watch.refused(told(0, T0 + i), 100 * UNIT, null, T0 + SECOND + i),
    );
    expect(epochs.filter((isNew) => isNew)).toHaveLength(1);
    expect(watch.floorShare).toBeCloseTo(0.12);
    expect(watch.refused(told(0, T0 + 3 * SECOND), 100 * UNIT, null, T0 + 4 * SECOND)).toBe(true);
    expect(watch.floorShare).toBeCloseTo(0.14);
  });

  test.each([
    { why: "no wait was told", wait: null, raised: 0.12 },
    { why: "the wait is the refill of what was asked", wait: 6 * SECOND, raised: 0.12 },
    { why: "the wait is short", wait: 4 * SECOND, amount: 100, raised: 0.12 },
    { why: "the wait is far longer than that", wait: 25 * SECOND, raised: 0.16 },
    { why: "the wait is a minute for a small request", wait: MINUTE, amount: 100, raised: 0.16 },
  ])("is raised to $raised where $why", ({ wait, amount = 6_000, raised }) => {
    const watch = new Watch(tokens(), "auto", T0);
    watch.refused(told(0), amount * UNIT, wait, T0);
    expect(watch.floorShare).toBeCloseTo(raised);
  });

  test("a long wait of a window is no punishment: it ends then", () => {
    const meter = fixedWindow({ dimension: "tokens", amount: 60_000, per: MINUTE });
    const watch = new Watch(meter, "auto", T0);
    watch.refused(told(0), 100 * UNIT, MINUTE, T0);
    expect(watch.floorShare).toBeCloseTo(0.12);
  });

  test.each([
    { size: 3_000, foreign: 0, share: 0.04 },
    { size: 3_000, foreign: 9, share: 0.04 },
    { size: 3_000, foreign: 300, share: 0.09 },
    { size: 30_000, foreign: 300, share: 0.3 },
  ])("with others taking $foreign a second, and requests of $size, is $share", (row) => {
    const watch = new Watch(tokens(), 0.04, T0);
    send(watch, row.size);
    watch.meter.setForeign(row.foreign, T0);
    expect(watch.floorShare).toBeCloseTo(row.share);
  });

  test("headroom for others never lowers a larger margin", () => {
    const watch = new Watch(tokens(), 0.4, T0);
    send(watch, 3_000);
    watch.meter.setForeign(300, T0);
    expect(watch.floorShare).toBe(0.4);
  });
});

describe("a watched level", () => {
  test("is lowered by a refusal to what was left, once an epoch", () => {
    const watch = new Watch(tokens(), "auto", T0);
    send(watch, 500);
    send(watch, 500);
    watch.refused(told(100), 500 * UNIT, null, T0);
    watch.meter.credit(500 * UNIT, T0, T0);
    expect(watch.meter.level(T0)).toBe(100 * UNIT);
    watch.refused(told(100), 500 * UNIT, null, T0);
    watch.meter.credit(500 * UNIT, T0, T0);
    expect(watch.meter.level(T0)).toBe(600 * UNIT);
  });

  test("does not count what asks nothing of it", () => {
    const watch = new Watch(tokens(0.1), "auto", T0);
    for (let i = 0; i < 50; i++) send(watch, 0);
    watch.ended(0, demandOf({ outputTokens: 100 }), T0);
    expect(watch.floorShare).toBe(0.1);
  });
});

test.each([
  { dimension: "output_tokens", amount: 500, pending: 500, why: "all of the output" },
  { dimension: "tokens", amount: 800, pending: 500, why: "the output in a combined limit" },
  { dimension: "tokens", amount: 300, pending: 300, why: "no more than was debited" },
  { dimension: "input_tokens", amount: 300, pending: 0, why: "none of the input" },
  { dimension: "requests", amount: 1, pending: 0, why: "no request" },
] as const)("counted only as it is produced is $why", ({ dimension, amount, pending }) => {
  const meter = bucket({ dimension, amount: 10_000 });
  const demand = demandOf({ requests: 1, outputTokens: 500 });
  expect(pendingOf(meter, amount * UNIT, demand)).toBe(pending * UNIT);
});
