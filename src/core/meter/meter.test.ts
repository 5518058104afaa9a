/** One contract for every kind of meter. Times are exact and nothing sleeps. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bucket,
  fixedWindow,
  type LimitOptions,
  MS,
  SECOND,
  slidingWindow,
  slots,
  T0,
} from "../../../test/support/meters.ts";
import { type Meter, MICRO_UNITS } from "./meter.ts";

const UNIT = MICRO_UNITS;

interface Kind {
  readonly name: string;
  readonly create: (options: LimitOptions) => Meter;
}

/** Kinds that fill again by themselves. */
const TIMED: Kind[] = [
  { name: "bucket", create: bucket },
  { name: "sliding window", create: slidingWindow },
  { name: "fixed window", create: fixedWindow },
];
const ALL: Kind[] = [...TIMED, { name: "slots", create: ({ amount }) => slots(amount) }];

/** Takes `amount` as admission does; returns whether it fitted. */
function admit(meter: Meter, amount: number, now: number, floor = 0): boolean {
  if (meter.waitFor(amount, floor, now) > 0) return false;
  meter.debit(amount, now);
  return true;
}

describe.each(ALL)("every meter: $name", ({ create }) => {
  test("starts full and admits exactly its capacity", () => {
    const meter = create({ amount: 10 });
    expect(meter.level(T0)).toBe(10 * UNIT);
    let admitted = 0;
    while (admit(meter, UNIT, T0)) admitted++;
    expect(admitted).toBe(10);
    expect(meter.level(T0)).toBe(0);
  });

  test("asking takes nothing", () => {
    const meter = create({ amount: 10 });
    for (let i = 0; i < 5; i++) meter.waitFor(10 * UNIT, 0, T0);
    meter.read(T0);
    expect(meter.level(T0)).toBe(10 * UNIT);
  });

  test("what is given back at once can be taken again, no more", () => {
    const meter = create({ amount: 10 });
    meter.debit(7 * UNIT, T0);
    meter.credit(3 * UNIT, T0, T0);
    expect(meter.level(T0)).toBe(6 * UNIT);
    meter.credit(4 * UNIT, T0, T0);
    expect(meter.level(T0)).toBe(10 * UNIT);
  });

  test("a settlement above the estimate may push it below zero; then not even a little fits", () => {
    const meter = create({ amount: 10 });
    meter.debit(8 * UNIT, T0);
    meter.credit(-5 * UNIT, T0, T0);
    expect(meter.level(T0)).toBe(-3 * UNIT);
    expect(meter.waitFor(1, 0, T0)).toBeGreaterThan(0);
  });

  test("a floor stays untouched", () => {
    const meter = create({ amount: 10 });
    meter.debit(5 * UNIT, T0);
    expect(meter.waitFor(2 * UNIT, 3 * UNIT, T0)).toBe(0);
    expect(meter.waitFor(2 * UNIT + 1, 3 * UNIT, T0)).toBeGreaterThan(0);
  });

  test("a demand that only a full meter can hold may use the floor, once it is full", () => {
    const meter = create({ amount: 10 });
    expect(meter.waitFor(10 * UNIT, 3 * UNIT, T0)).toBe(0);
    meter.debit(1, T0);
    expect(meter.waitFor(9 * UNIT, 3 * UNIT, T0)).toBeGreaterThan(0);
  });

  test("frozen, nothing fits until the very moment it thaws", () => {
    const meter = create({ amount: 10 });
    meter.frozenUntil = T0 + 700 * MS;
    expect(meter.waitFor(1, 0, T0)).toBe(700 * MS);
    expect(meter.waitFor(1, 0, T0 + 700 * MS - 1)).toBe(1);
    expect(meter.waitFor(1, 0, T0 + 700 * MS)).toBe(0);
  });

  test("a clock that stands still or steps back gives nothing", () => {
    const meter = create({ amount: 10 });
    const now = T0 + 300 * MS;
    meter.debit(10 * UNIT, now);
    for (const time of [now, now, now - 1, T0 - 3_600 * SECOND, now]) {
      expect(meter.level(time)).toBe(0);
      expect(meter.waitFor(UNIT, 0, time)).toBeGreaterThan(0);
    }
  });

  test("reads as what it is", () => {
    const meter = create({ amount: 10 });
    meter.debit(4 * UNIT, T0);
    expect(meter.read(T0)).toMatchObject({ limit: 10 * UNIT, level: 6 * UNIT });
  });

  test("a smaller limit keeps what was used, a larger one gives the difference at most", () => {
    const meter = create({ amount: 10 });
    meter.debit(4 * UNIT, T0);
    meter.resize(20 * UNIT, SECOND, T0);
    expect(meter.capacity).toBe(20 * UNIT);
    expect(meter.level(T0)).toBeLessThanOrEqual(16 * UNIT);
    meter.resize(5 * UNIT, SECOND, T0);
    expect(meter.level(T0)).toBeLessThanOrEqual(5 * UNIT);
    expect(meter.waitFor(6 * UNIT, 0, T0)).toBeGreaterThan(0);
  });
});

describe.each(TIMED)("every meter that refills: $name", ({ create }) => {
  test("the wait it tells is true: it fits then and not a microsecond before", () => {
    const steps = fc.array(
      fc.record({ pause: fc.integer({ min: 0, max: 400 * MS }), share: fc.double(share) }),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(limits, steps, fc.double(share), (limit, history, floorShare) => {
        const meter = create(limit);
        const floor = Math.floor(meter.capacity * floorShare * 0.3);
        let now = T0;
        for (const { pause, share } of history) {
          now += pause;
          const amount = Math.max(1, Math.floor(meter.capacity * share));
          const wait = meter.waitFor(amount, floor, now);
          expect(Number.isInteger(wait)).toBe(true);
          if (wait > 0) {
            now += wait - 1;
            expect(meter.waitFor(amount, floor, now)).toBe(1);
            now += 1;
          }
          expect(meter.waitFor(amount, floor, now)).toBe(0);
          meter.debit(amount, now);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("looking at it often changes nothing", () => {
    const looks = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 50, maxLength: 300 });
    fc.assert(
      fc.property(limits, looks, (limit, pauses) => {
        const watched = create(limit);
        const alone = create(limit);
        let now = T0;
        for (const meter of [watched, alone]) meter.debit(meter.capacity, now);
        for (const pause of pauses) {
          now += pause;
          watched.level(now);
        }
        expect(watched.level(now)).toBe(alone.level(now));
      }),
      { numRuns: 200 },
    );
  });

  test("debt from a settlement is paid by time alone, and truly at the time it tells", () => {
    const meter = create({ amount: 10 });
    meter.debit(10 * UNIT, T0);
    meter.credit(-7 * UNIT, T0, T0);
    const wait = meter.waitFor(UNIT, 0, T0);
    expect(meter.waitFor(UNIT, 0, T0 + wait - 1)).toBe(1);
    expect(admit(meter, UNIT, T0 + wait)).toBe(true);
  });

  test("tells when it will be full again", () => {
    const meter = create({ amount: 10 });
    meter.debit(6 * UNIT, T0);
    const now = T0 + 100 * MS;
    meter.level(now);
    const { resetsAt } = meter.read(now);
    if (resetsAt === null) throw new Error("a refilling meter has a reset");
    expect(meter.level(resetsAt - 1)).toBeLessThan(10 * UNIT);
    expect(meter.level(resetsAt)).toBe(10 * UNIT);
  });

  test("is full after a long pause, and not more", () => {
    const meter = create({ amount: 10 });
    meter.debit(10 * UNIT, T0);
    const later = T0 + 86_400 * 365 * SECOND;
    expect(meter.level(later)).toBe(10 * UNIT);
    let admitted = 0;
    while (admit(meter, UNIT, later)) admitted++;
    expect(admitted).toBe(10);
  });

  test("an empty start is filled by time", () => {
    const meter = create({ amount: 10, initialShare: 0 });
    expect(meter.level(T0)).toBe(0);
    const wait = meter.waitFor(10 * UNIT, 0, T0);
    expect(wait).toBeLessThanOrEqual(1.01 * SECOND);
    expect(admit(meter, 10 * UNIT, T0 + wait)).toBe(true);
  });
});

const share = { min: 0.001, max: 1, noNaN: true };
const limits = fc.record({
  amount: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1_000, max: 2_000_000 })),
  per: fc.constantFrom(SECOND, 7 * SECOND, 60 * SECOND, 999_983, 86_400 * SECOND),
});

describe("what a meter admits, whoever asks when", () => {
  const asks = fc.array(
    fc.record({
      pause: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 900 * MS })),
      share: fc.double({ ...share, max: 0.6 }),
      /** Share of the debit that is given back after the next pause. */
      refund: fc.constantFrom(0, 0, 0, 0.3, 1),
    }),
    { maxLength: 60 },
  );

  interface Debit {
    readonly at: number;
    net: number;
  }

  /** Admits what fits; returns each debit net of what was given back. */
  function debitsOf(
    meter: Meter,
    history: readonly { pause: number; share: number; refund: number }[],
  ) {
    const debits: Debit[] = [];
    let now = T0;
    let refund: { debit: Debit; amount: number } | null = null;
    for (const { pause, share, refund: refundShare } of history) {
      now += pause;
      if (refund) meter.credit(refund.amount, refund.debit.at, now);
      refund = null;
      const amount = Math.ceil(meter.capacity * share);
      if (!admit(meter, amount, now)) continue;
      expect(meter.level(now)).toBeGreaterThanOrEqual(0);
      const debit = { at: now, net: amount };
      debits.push(debit);
      if (refundShare > 0) refund = { debit, amount: Math.floor(amount * refundShare) };
      if (refund) debit.net -= refund.amount;
    }
    return debits;
  }

  /** Largest of `sum of debits - allowed(span)` over all spans that begin and end with a debit. */
  function worstExcess(debits: readonly Debit[], allowed: (span: number) => number): number {
    let worst = Number.NEGATIVE_INFINITY;
    for (let first = 0; first < debits.length; first++) {
      let sum = 0;
      for (let last = first; last < debits.length; last++) {
        sum += debits[last].net;
        worst = Math.max(worst, sum - allowed(debits[last].at - debits[first].at));
      }
    }
    return worst;
  }

  test("bucket: never above capacity + rate x time, in any span", () => {
    fc.assert(
      fc.property(limits, asks, (limit, history) => {
        const meter = bucket(limit);
        const debits = debitsOf(meter, history);
        const allowed = (span: number) => meter.capacity + meter.rate * span + 1;
        expect(worstExcess(debits, allowed)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 300 },
    );
  });

  test("sliding window: never above its capacity in any span of its length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), asks, (amount, history) => {
        const meter = slidingWindow({ amount, per: SECOND });
        const debits = debitsOf(meter, history);
        const allowed = (span: number) => (span <= SECOND ? meter.capacity : Infinity);
        expect(worstExcess(debits, allowed)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 300 },
    );
  });

  test("fixed window: never above its capacity in any window of the calendar", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), asks, (amount, history) => {
        const meter = fixedWindow({ amount, per: SECOND });
        const debits = debitsOf(meter, history);
        const used = new Map<number, number>();
        for (const { at, net } of debits) {
          const window = Math.floor(at / SECOND);
          used.set(window, (used.get(window) ?? 0) + net);
        }
        expect(Math.max(0, ...used.values())).toBeLessThanOrEqual(meter.capacity);
      }),
      { numRuns: 300 },
    );
  });
});
