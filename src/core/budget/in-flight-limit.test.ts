import { describe, expect, test } from "vitest";
import { MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { InFlightLimit } from "./in-flight-limit.ts";

/** Calls to one model, one slot each. */
class Calls {
  readonly limit = new InFlightLimit("gpt-5");

  get slots(): number {
    return this.limit.meter.capacity / MICRO_UNITS;
  }

  send(count: number, now = T0): void {
    for (let i = 0; i < count; i++) {
      this.limit.meter.debit(MICRO_UNITS, now);
      this.limit.sent(now);
    }
  }

  end(count: number, now = T0): void {
    for (let i = 0; i < count; i++) this.limit.meter.credit(MICRO_UNITS, now, now);
  }

  /** Successes, while the limit is full or not. */
  succeed(count: number, isFull: boolean): void {
    for (let i = 0; i < count; i++) {
      this.limit.succeeded();
      this.end(1);
      if (isFull) this.send(1);
    }
  }
}

/** Cut to 70 by a hundred calls, all of which have ended. */
function cutTo70(): Calls {
  const calls = new Calls();
  calls.send(100);
  calls.limit.overloaded(T0, T0 + SECOND);
  calls.end(100);
  return calls;
}

describe("a limit in flight", () => {
  test("is none until there is an overload", () => {
    const calls = new Calls();
    calls.send(10_000);
    expect(calls.limit.isLimited).toBe(false);
    expect(calls.limit.meter.waitFor(MICRO_UNITS, 0, T0)).toBe(0);
    expect(calls.limit.succeeded()).toBe(false);
  });

  test.each([
    { running: 100, left: 70 },
    { running: 10, left: 7 },
    { running: 3, left: 2 },
    { running: 2, left: 1 },
    { running: 1, left: 1 },
  ])("is cut from $running running to $left, and never to none", ({ running, left }) => {
    const calls = new Calls();
    calls.send(running);
    expect(calls.limit.overloaded(T0, T0 + SECOND)).toBe(true);
    expect(calls.slots).toBe(left);
  });

  test("is cut once for two hundred overloads that were in flight together", () => {
    const calls = new Calls();
    calls.send(200);
    const cuts = Array.from({ length: 200 }, (_, i) => {
      const isCut = calls.limit.overloaded(T0 + i, T0 + SECOND + i * MS);
      calls.end(1);
      return isCut;
    });
    expect(cuts.filter((isCut) => isCut)).toHaveLength(1);
    expect(calls.slots).toBe(140);
  });

  test("is cut again by what was sent after the cut", () => {
    const calls = cutTo70();
    calls.send(70, T0 + 2 * SECOND);
    expect(calls.limit.overloaded(T0 + 2 * SECOND, T0 + 3 * SECOND)).toBe(true);
    expect(calls.slots).toBe(49);
  });

  test("is never raised by a cut, though more may run than it allows", () => {
    const calls = cutTo70();
    calls.send(150);
    calls.limit.overloaded(T0 + 2 * SECOND, T0 + 3 * SECOND);
    expect(calls.slots).toBe(70);
  });

  test("grows by one with a limit's worth of successes while it binds", () => {
    const calls = cutTo70();
    calls.send(70);
    calls.succeed(69, true);
    expect(calls.slots).toBe(70);
    calls.succeed(1, true);
    expect(calls.slots).toBe(71);
    calls.send(1);
    calls.succeed(70, true);
    expect(calls.slots).toBe(71);
    calls.succeed(1, true);
    expect(calls.slots).toBe(72);
  });

  test("does not grow while it holds nothing back", () => {
    const calls = cutTo70();
    calls.send(69);
    for (let i = 0; i < 100; i++) {
      calls.succeed(1, false);
      calls.send(1);
    }
    expect(calls.slots).toBe(70);
  });

  test.each([
    { model: "gpt-5", selector: "model:gpt-5" },
    { model: null, selector: "account" },
    { model: undefined, selector: "other models" },
  ])("shows as $selector", ({ model, selector }) => {
    expect(new InFlightLimit(model).meter.label).toEqual({ dimension: "concurrency", selector });
  });
});
