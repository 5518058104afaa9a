import { describe, expect, test } from "vitest";
import { MINUTE, MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { Drift } from "./drift.ts";

/** Micro-units per microsecond, as 1,000 tokens a second. */
const RATE = 1_000;

/** A second in which others take `foreign` and the meter refills by so much less as is believed. */
function live(drift: Drift, foreign: number, from: number, micros: number): void {
  for (let now = from + SECOND; now <= from + micros; now += SECOND) {
    drift.note((drift.rate - foreign) * SECOND);
    drift.learn(RATE, now);
  }
}

describe("drift", () => {
  test("is nothing until levels have to be lowered", () => {
    const drift = new Drift(T0);
    live(drift, 0, T0, MINUTE);
    expect(drift.rate).toBe(0);
  });

  test.each([0.3, 0.6, 0.9])(
    "comes near %d of the rate that others take, and not above",
    (share) => {
      const drift = new Drift(T0);
      live(drift, share * RATE, T0, 5 * MINUTE);
      expect(drift.rate).toBeGreaterThan(0.8 * share * RATE);
      expect(drift.rate).toBeLessThanOrEqual(share * RATE);
    },
  );

  test("is over two thirds learned in half a minute to a minute, and forgotten as fast", () => {
    const drift = new Drift(T0);
    live(drift, 600, T0, MINUTE);
    expect(drift.rate).toBeGreaterThan(400);
    live(drift, 0, T0 + MINUTE, MINUTE);
    expect(drift.rate).toBeLessThan(100);
  });

  test("fades by itself when nothing is seen of it any more", () => {
    const drift = new Drift(T0);
    live(drift, 600, T0, 5 * MINUTE);
    const learned = drift.rate;
    drift.learn(RATE, T0 + 8 * MINUTE);
    expect(drift.rate / learned).toBeCloseTo(Math.exp(-1));
  });

  test("never goes below nothing, nor above what others can take", () => {
    const drift = new Drift(T0);
    drift.note(1e12);
    drift.learn(RATE, T0 + SECOND);
    expect(drift.rate).toBe(0);
    live(drift, 3 * RATE, T0 + SECOND, 5 * MINUTE);
    expect(drift.rate).toBe(RATE);
  });

  test("takes a burst, or what was gone before we began, for no traffic that goes on", () => {
    const drift = new Drift(T0);
    drift.note(-RATE * MINUTE);
    drift.learn(RATE, T0 + SECOND);
    expect(drift.rate).toBeGreaterThan(0.3 * RATE);
    expect(drift.rate).toBeLessThan(0.34 * RATE);
  });

  test("collects what comes within 200 ms and loses nothing of it", () => {
    const [often, once] = [new Drift(T0), new Drift(T0)];
    for (let i = 1; i <= 40; i++) {
      often.note(-1_000_000);
      often.learn(RATE, T0 + i * 5 * MS);
      if (i < 40) expect(often.rate).toBe(0);
    }
    once.note(-40_000_000);
    once.learn(RATE, T0 + 200 * MS);
    expect(often.rate).toBeGreaterThan(0);
    expect(often.rate).toBe(once.rate);
  });

  test("one correction after a long silence is spread over all of it", () => {
    const drift = new Drift(T0);
    drift.note(-600 * 5 * MINUTE);
    drift.learn(RATE, T0 + 5 * MINUTE);
    expect(drift.rate).toBeCloseTo(600);
  });
});
