/** Bounds against a provider that counts at a time of its own: the truth is always between them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucket, fixedWindow, MINUTE, MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { highest, lowest, type Told } from "./bounds.ts";

const UNIT = MICRO_UNITS;

function told(remaining: number, parts: Partial<Told> = {}): Told {
  return { remaining: remaining * UNIT, quantum: 0, sentAt: T0, headAt: T0 + SECOND, ...parts };
}

/** 1,000 a second. */
const tokens = () => bucket({ dimension: "tokens", amount: 60_000, per: MINUTE });

describe("the most a meter can hold", () => {
  test.each<{ why: string; answer: Told; later?: number; at?: number; most: number }>([
    { why: "what is left and has come since it was sent", answer: told(500), most: 1_500 },
    { why: "less what left since the head came", answer: told(500), later: 200, most: 1_300 },
    {
      why: "more by what it is rounded by",
      answer: told(500, { quantum: 50 * UNIT }),
      most: 1_550,
    },
    { why: "and by what comes until now", answer: told(500), at: 3 * SECOND, most: 3_500 },
    { why: "never more than its capacity", answer: told(59_900), most: 60_000 },
    { why: "full, less what left since", answer: told(59_900), later: 700, most: 59_300 },
  ])("is $why: $most", ({ answer, later = 0, at = SECOND, most }) => {
    expect(highest(tokens(), answer, later * UNIT, T0 + at)).toBe(most * UNIT);
  });
});

describe("the least a meter can hold", () => {
  test.each<{ why: string; answer: Told; unseen?: number; at?: number; least: number }>([
    { why: "what is left", answer: told(500), least: 500 },
    { why: "less what may not be counted in it", answer: told(500), unseen: 700, least: -200 },
    { why: "less what it is rounded by", answer: told(500, { quantum: 50 * UNIT }), least: 450 },
    { why: "and what has come since the head", answer: told(500), at: 3 * SECOND, least: 2_500 },
  ])("is $why: $least", ({ answer, unseen = 0, at = SECOND, least }) => {
    expect(lowest(tokens(), answer, unseen * UNIT, T0 + at)).toBe(least * UNIT);
  });

  test("counts on a bucket's refill only as far as others leave it", () => {
    const meter = tokens();
    meter.setForeign(600, T0);
    expect(lowest(meter, told(500), 0, T0 + 3 * SECOND)).toBe(1_300 * UNIT);
  });

  test("counts on nothing of a window that has begun anew", () => {
    const meter = fixedWindow({ amount: 100, per: SECOND });
    const answer = told(5, { sentAt: T0, headAt: T0 + 100 * MS });
    expect(highest(meter, answer, 0, T0 + 1_100 * MS)).toBe(100 * UNIT);
    expect(lowest(meter, answer, 0, T0 + 900 * MS)).toBe(5 * UNIT);
  });
});

test("the provider's level is between the two, whenever it counts and whatever is on its way", () => {
  const calls = fc.array(
    fc.record({
      pause: fc.integer({ min: 0, max: 2 * SECOND }),
      tokens: fc.integer({ min: 1, max: 3_000 }),
      way: fc.integer({ min: 10 * MS, max: 200 * MS }),
    }),
    { minLength: 2, maxLength: 20 },
  );
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(calls, fc.nat(), share, share, (plan, pick, stampShare, service) => {
      let at = T0;
      const sent = plan.map(({ pause, tokens: amount, way }) => {
        at += pause;
        return { sentAt: at, arrivesAt: at + way, amount: amount * UNIT };
      });
      const watched = sent[pick % sent.length];
      const stampAt = watched.arrivesAt + stampShare * service * 8 * SECOND;
      const headAt = Math.ceil(watched.arrivesAt + service * 8 * SECOND + 5 * MS);
      /** By what has arrived; the bucket is large enough never to be full or refused. */
      const levelAt = (time: number) =>
        30_000 * UNIT +
        (time - T0) * 1_000 -
        sumOf(sent.filter(({ arrivesAt }) => arrivesAt <= time));
      const onTheWay = sent.filter((call) => call.sentAt <= headAt && call.arrivesAt > headAt);
      const truth = levelAt(headAt) - sumOf(onTheWay);
      const answer = { remaining: levelAt(stampAt), quantum: 0, sentAt: watched.sentAt, headAt };
      const unseen = sent.filter(
        (call) =>
          call !== watched && call.sentAt > watched.sentAt - 250 * MS && call.sentAt <= headAt,
      );
      const meter = bucket({ dimension: "tokens", amount: 600_000, per: 10 * MINUTE });
      const most = highest(meter, answer, 0, headAt);
      const least = lowest(meter, answer, sumOf(unseen), headAt);
      expect(most).toBeGreaterThanOrEqual(Math.floor(truth));
      expect(least).toBeLessThanOrEqual(truth);
    }),
    { numRuns: 500 },
  );
});

function sumOf(calls: readonly { readonly amount: number }[]): number {
  return calls.reduce((sum, { amount }) => sum + amount, 0);
}
