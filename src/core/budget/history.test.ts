import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { History } from "./history.ts";

const SPACING = 10 * MS;

describe("a history", () => {
  test("knows nothing before its first mark", () => {
    const history = new History();
    expect(history.at(T0)).toBeNull();
    history.mark(5, T0);
    expect(history.at(T0 - 1)).toBeNull();
    expect(history.at(T0)).toBe(5);
  });

  test("tells the total of the last mark until the next one", () => {
    const history = new History();
    history.mark(5, T0);
    history.mark(8, T0 + SECOND);
    expect(history.at(T0 + SECOND - 1)).toBe(5);
    expect(history.at(T0 + SECOND)).toBe(8);
    expect(history.at(T0 + 3_600 * SECOND)).toBe(8);
  });

  test("merges marks nearer than 10 ms, so that a burst takes the room of one", () => {
    const history = new History();
    history.mark(1, T0);
    for (let i = 1; i <= 1_000_000; i += 1_000) history.mark(i, T0 + (i % 9) * MS);
    history.mark(2_000_000, T0 + SPACING);
    expect(history.at(T0)).toBe(999_001);
    expect(history.at(T0 + SPACING)).toBe(2_000_000);
  });

  test("remembers the 4,096 newest marks, 41 s of the closest ones, and forgets what is older", () => {
    const history = new History();
    for (let i = 0; i < 10_000; i++) history.mark(i, T0 + i * SPACING);
    const newest = T0 + 9_999 * SPACING;
    expect(history.at(newest - 4_095 * SPACING)).toBe(10_000 - 4_096);
    expect(history.at(newest - 4_096 * SPACING)).toBeNull();
    expect(history.at(newest)).toBe(9_999);
  });

  test("is right about every moment, or up to 10 ms later", () => {
    const steps = fc.array(
      fc.record({ pause: fc.integer({ min: 0, max: 40 * MS }), amount: fc.integer() }),
      { minLength: 1, maxLength: 300 },
    );
    fc.assert(
      fc.property(steps, (marks) => {
        const history = new History();
        const totals: { total: number; at: number }[] = [];
        let now = T0;
        for (const { pause, amount } of marks) {
          now += pause;
          history.mark(amount, now);
          totals.push({ total: amount, at: now });
        }
        for (const { at } of totals) {
          const possible = totals.filter((mark, i) => {
            const next = totals[i + 1]?.at ?? Number.POSITIVE_INFINITY;
            return mark.at <= at + SPACING && next >= at;
          });
          expect(possible.map(({ total }) => total)).toContain(history.at(at));
        }
      }),
      { numRuns: 200 },
    );
  });
});
