import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MICROS_PER_SECOND as SECOND } from "../clock.ts";
import { Breaker } from "./breaker.ts";

const OPTIONS = { failures: 5, rate: 0.5, window: 30 * SECOND, open: 5 * SECOND };

class Bench {
  readonly breaker = new Breaker(OPTIONS);
  now = 1_000 * SECOND;

  state(): string {
    return this.breaker.stateAt(this.now).kind;
  }

  fail(request: object = {}, hint: number | null = null): boolean {
    this.now += 1_000;
    const failure = { request, sentAt: this.now - 500, hint };
    return this.breaker.failed(failure, this.now);
  }

  answer(isHeldBack = true): boolean {
    this.now += 1_000;
    return this.breaker.answered(this.now - 500, isHeldBack, this.now);
  }

  open(): void {
    for (let i = 0; i < OPTIONS.failures; i++) this.fail();
    expect(this.state()).toBe("open");
  }
}

describe("closed", () => {
  test("the fifth failure in a row opens it", () => {
    const bench = new Bench();
    const changes = Array.from({ length: 5 }, () => bench.fail());
    expect(changes).toEqual([false, false, false, false, true]);
    expect(bench.state()).toBe("open");
  });

  test("an answer between failures begins the row anew", () => {
    const bench = new Bench();
    for (let i = 0; i < 4; i++) bench.fail();
    for (let i = 0; i < 9; i++) bench.answer();
    for (let i = 0; i < 4; i++) bench.fail();
    expect(bench.state()).toBe("closed");
  });

  test("half of ten calls and more within the window open it", () => {
    const bench = new Bench();
    for (let i = 0; i < 4; i++) {
      bench.fail();
      bench.answer();
    }
    bench.answer();
    expect(bench.state()).toBe("closed");
    bench.fail();
    expect(bench.state()).toBe("open");
  });

  test("failures older than the window are forgotten", () => {
    const bench = new Bench();
    for (let i = 0; i < 4; i++) {
      bench.fail();
      bench.answer();
    }
    bench.now += OPTIONS.window + SECOND;
    bench.answer();
    bench.fail();
    expect(bench.state()).toBe("closed");
  });

  test("one request never opens it, however often it is tried", () => {
    const bench = new Bench();
    const bad = {};
    for (let i = 0; i < 100; i++) bench.fail(bad);
    expect(bench.state()).toBe("closed");
    bench.fail();
    expect(bench.state()).toBe("open");
  });
});

describe("open", () => {
  test("turns half-open once its time is over", () => {
    const bench = new Bench();
    bench.open();
    bench.now += OPTIONS.open - 1;
    expect(bench.state()).toBe("open");
    bench.now += 1;
    expect(bench.breaker.stateAt(bench.now)).toEqual({ kind: "half-open", permits: 1 });
  });

  test("a longer wait that the provider states is a hint, up to a minute", () => {
    const bench = new Bench();
    for (let i = 0; i < 5; i++) bench.fail({}, 20 * SECOND);
    expect(bench.breaker.stateAt(bench.now)).toEqual({
      kind: "open",
      until: bench.now + 20 * SECOND,
    });
    const hours = new Bench();
    for (let i = 0; i < 5; i++) hours.fail({}, 21_600 * SECOND);
    expect(hours.breaker.stateAt(hours.now)).toEqual({
      kind: "open",
      until: hours.now + 60 * SECOND,
    });
  });

  test("calls that were under way when it opened change nothing", () => {
    const bench = new Bench();
    const sentAt = bench.now;
    bench.open();
    const until = bench.breaker.stateAt(bench.now);
    bench.breaker.failed({ request: {}, sentAt, hint: 50 * SECOND }, bench.now);
    bench.breaker.answered(sentAt, false, bench.now);
    expect(bench.breaker.stateAt(bench.now)).toEqual(until);
  });
});

describe("half-open", () => {
  function halfOpen(): Bench {
    const bench = new Bench();
    bench.open();
    bench.now += OPTIONS.open;
    expect(bench.state()).toBe("half-open");
    return bench;
  }

  test("a probe that fails opens it for half as long", () => {
    const bench = halfOpen();
    bench.fail();
    expect(bench.breaker.stateAt(bench.now)).toEqual({
      kind: "open",
      until: bench.now + OPTIONS.open / 2,
    });
  });

  test("each answer lets one more run while others are held back, up to 64", () => {
    const bench = halfOpen();
    for (let permits = 2; permits <= 64; permits++) {
      bench.answer();
      expect(bench.breaker.stateAt(bench.now)).toEqual({ kind: "half-open", permits });
    }
    bench.answer();
    expect(bench.state()).toBe("closed");
  });

  test("once nobody is held back the next answer closes it", () => {
    const bench = halfOpen();
    for (let i = 0; i < 4; i++) bench.answer();
    bench.answer(false);
    expect(bench.state()).toBe("closed");
  });

  test("a probe's answer alone does not close it", () => {
    const bench = halfOpen();
    bench.answer(false);
    expect(bench.breaker.stateAt(bench.now)).toEqual({ kind: "half-open", permits: 2 });
  });

  test("an answer to what was sent before the last step says nothing of who is held back", () => {
    const bench = halfOpen();
    for (let i = 0; i < 4; i++) bench.answer();
    bench.breaker.answered(bench.now, false, bench.now);
    expect(bench.breaker.stateAt(bench.now)).toEqual({ kind: "half-open", permits: 6 });
  });

  test("a failure on the ramp lets half as many run, and more of them open it again", () => {
    const bench = halfOpen();
    for (let i = 0; i < 9; i++) bench.answer();
    bench.fail();
    expect(bench.breaker.stateAt(bench.now)).toEqual({ kind: "half-open", permits: 5 });
    bench.fail();
    expect(bench.breaker.stateAt(bench.now)).toEqual({ kind: "half-open", permits: 2 });
    bench.fail();
    expect(bench.state()).toBe("open");
  });

  test("one failure in fifty does not keep it from closing", () => {
    const bench = halfOpen();
    for (let i = 1; bench.state() === "half-open"; i++) {
      if (i % 50 === 0) bench.fail();
      else bench.answer();
      expect(i).toBeLessThan(200);
    }
    expect(bench.state()).toBe("closed");
  });

  test("after a minute of outage probes become rarer, down to one a minute", () => {
    const bench = halfOpen();
    const waits: number[] = [];
    for (let i = 0; i < 60; i++) {
      bench.fail();
      const state = bench.breaker.stateAt(bench.now);
      if (state.kind !== "open") throw new Error("not open");
      waits.push((state.until - bench.now) / SECOND);
      bench.now = state.until;
    }
    expect(waits.slice(0, 20).every((wait) => wait === 2.5)).toBe(true);
    expect(waits.at(-1)).toBe(60);
  });
});

test("whatever happens, an open breaker has an end, and permits stay within bounds", () => {
  const step = fc.record({
    isFailure: fc.boolean(),
    after: fc.nat(20 * SECOND),
    lag: fc.nat(30 * SECOND),
    hint: fc.option(fc.nat(100_000 * SECOND)),
    isHeldBack: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const breaker = new Breaker(OPTIONS);
      let now = 100 * SECOND;
      for (const { isFailure, after, lag, hint, isHeldBack } of steps) {
        now += after;
        if (isFailure) breaker.failed({ request: {}, sentAt: now - lag, hint }, now);
        else breaker.answered(now - lag, isHeldBack, now);
        const state = breaker.stateAt(now);
        if (state.kind === "open") expect(state.until - now).toBeLessThanOrEqual(60 * SECOND);
        if (state.kind === "half-open") {
          expect(state.permits).toBeGreaterThanOrEqual(1);
          expect(state.permits).toBeLessThanOrEqual(64);
        }
      }
    }),
  );
});
