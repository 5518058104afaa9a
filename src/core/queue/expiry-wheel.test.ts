import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { NO_DEMAND } from "../demand.ts";
import { ExpiryWheel } from "./expiry-wheel.ts";
import { Tickets } from "./tickets.ts";

const SLOT = 8 * MS;
const TURN = 4_096 * SLOT;

/** A wheel and the naive set of waits it must agree with. */
class Pair {
  readonly tickets = new Tickets();
  now = T0;
  readonly wheel = new ExpiryWheel(this.tickets, this.now);
  readonly expiresAt = new Map<number, number>();

  add(wait: number): number {
    const row = this.tickets.allocate(NO_DEMAND, null);
    this.tickets.expiresAt.set(row, this.now + wait);
    this.expiresAt.set(row, this.now + wait);
    this.wheel.add(row);
    return row;
  }

  remove(row: number): void {
    this.wheel.remove(row);
    this.expiresAt.delete(row);
    this.tickets.free(row);
  }

  /** Passes time and takes out what has expired, as the scheduler does. */
  advance(micros: number): number[] {
    this.now += micros;
    const rows: number[] = [];
    this.wheel.collect(this.now, rows);
    expect(new Set(rows).size).toBe(rows.length);
    for (const row of rows) {
      const left = (this.expiresAt.get(row) as number) - this.now;
      expect(left).toBeLessThanOrEqual(SLOT);
      this.remove(row);
    }
    return rows;
  }

  get earliest(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.expiresAt.values());
  }

  /** Nothing is late, and the next call is not either. */
  expectOnTime(): void {
    expect(this.earliest).toBeGreaterThan(this.now);
    expect(this.wheel.nextAt).toBeLessThanOrEqual(this.earliest);
    expect(this.wheel.nextAt === Number.POSITIVE_INFINITY).toBe(this.expiresAt.size === 0);
  }
}

const waits = fc.oneof(
  fc.integer({ min: 0, max: 3 * SLOT }),
  fc.integer({ min: 0, max: 2 * SECOND }),
  fc.integer({ min: 0, max: 4 * TURN }),
  fc.integer({ min: 0, max: 3 }).map((slots) => slots * SLOT),
  fc.integer({ min: 1, max: 3 }).map((turns) => turns * TURN),
);
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ add: waits }) },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ advance: waits }) },
  ),
  { maxLength: 120 },
);

describe("expiry wheel", () => {
  test("ends every wait once, never late and at most a slot early", () => {
    fc.assert(
      fc.property(steps, (history) => {
        const pair = new Pair();
        for (const step of history) {
          if ("add" in step) pair.add(step.add);
          else if ("advance" in step) pair.advance(step.advance);
          else if (pair.expiresAt.size > 0) {
            pair.remove([...pair.expiresAt.keys()][step.remove % pair.expiresAt.size]);
          }
          if ("advance" in step) pair.expectOnTime();
        }
      }),
      { numRuns: 500 },
    );
  });

  test("called whenever it asks to be, it ends every wait in time and then rests", () => {
    fc.assert(
      fc.property(fc.array(waits, { minLength: 1, maxLength: 60 }), (all) => {
        const pair = new Pair();
        const expired: number[] = [];
        for (const wait of all) pair.add(wait);
        for (let calls = 0; pair.expiresAt.size > 0; calls++) {
          expect(calls).toBeLessThan(all.length * 6);
          const { nextAt } = pair.wheel;
          expect(nextAt).toBeLessThanOrEqual(pair.earliest);
          expired.push(...pair.advance(Math.max(0, nextAt - pair.now)));
        }
        expect(expired).toHaveLength(all.length);
        expect(pair.wheel.nextAt).toBe(Number.POSITIVE_INFINITY);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    { wait: 0, why: "no wait at all" },
    { wait: 1, why: "a microsecond" },
    { wait: SLOT - 1, why: "less than a slot" },
    { wait: SLOT, why: "a slot" },
    { wait: TURN, why: "a turn" },
    { wait: TURN + SLOT, why: "a turn and a slot" },
    { wait: 3 * TURN + 5 * SLOT + 1, why: "several turns" },
  ])(
    "a wait of $wait us ($why) is over at its end at the latest, after any idle time",
    ({ wait }) => {
      for (const idle of [0, 1, SLOT - 1, 3 * SECOND, TURN, 2 * TURN + 77]) {
        const pair = new Pair();
        pair.advance(idle);
        pair.add(wait);
        expect(pair.wheel.nextAt).toBeLessThanOrEqual(pair.now + wait);
        if (wait > SLOT) expect(pair.advance(wait - SLOT - 1)).toEqual([]);
        pair.advance(pair.earliest - pair.now);
        expect(pair.expiresAt.size).toBe(0);
      }
    },
  );

  test("takes any ticket out of the middle of a slot", () => {
    const pair = new Pair();
    const rows = Array.from({ length: 10 }, () => pair.add(SECOND));
    for (const row of [rows[9], rows[0], rows[4], rows[5]]) pair.remove(row);
    expect(pair.advance(SECOND).sort()).toEqual([1, 2, 3, 6, 7, 8].map((i) => rows[i]).sort());
    expect(pair.wheel.nextAt).toBe(Number.POSITIVE_INFINITY);
  });

  test("removing twice does nothing", () => {
    const pair = new Pair();
    const kept = pair.add(SECOND);
    const row = pair.add(SECOND);
    pair.wheel.remove(row);
    pair.wheel.remove(row);
    pair.expiresAt.delete(row);
    expect(pair.advance(SECOND)).toEqual([kept]);
  });
});
