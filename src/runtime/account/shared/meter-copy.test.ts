import { beforeEach, describe, expect, test } from "vitest";
import { bucket, SECOND, T0 } from "../../../../test/support/meters.ts";
import type { ReportedMeter } from "../../../stores/redis/messages.ts";
import type { Correction, OperationResult } from "../../../stores/store.ts";
import { MeterCopy } from "./meter-copy.ts";

type Told = { readonly correction: Correction; answer(result: OperationResult): void };

let told: Told[];
beforeEach(() => {
  told = [];
});

const kinds = () => told.map(({ correction }) => correction.kind);

function copyOf(isConfigured = true) {
  const meter = bucket({ dimension: "tokens", amount: 100, per: 60 * SECOND });
  const copy = new MeterCopy("tokens", meter, isConfigured, (correction, onResult) =>
    told.push({ correction, answer: onResult }),
  );
  return { meter, copy };
}

function reported(parts: Partial<ReportedMeter> = {}): ReportedMeter {
  return {
    ...{ key: "tokens", level: 50_000_000, charged: 7_000_000, corrections: 0, corrected: 0 },
    ...{ capacity: 100_000_000, per: 60 * SECOND, foreign: 0, margin: null },
    ...{ restsFor: 0, probeIn: null },
    ...parts,
  };
}

/** As the budget does it. */
function correct({ meter }: ReturnType<typeof copyOf>, delta: number): void {
  meter.adjust(delta, T0);
  meter.corrected += delta;
}

describe("a copy of a meter", () => {
  test("follows what the store says", () => {
    const { meter, copy } = copyOf();
    expect(copy.take(reported(), T0)).toBeNull();
    expect([meter.level(T0), meter.chargedByAll]).toEqual([50_000_000, 7_000_000]);
    copy.tell(T0);
    expect(told).toEqual([]);
  });

  test("tells a correction once, and keeps it while it is under way", () => {
    const it = copyOf();
    it.copy.take(reported(), T0);
    correct(it, -10_000_000);
    it.copy.tell(T0);
    it.copy.tell(T0);
    expect(told.map(({ correction }) => correction)).toEqual([
      { kind: "adjust", meter: "tokens", delta: -10_000_000, seen: 0 },
    ]);
    it.copy.take(reported(), T0); // written before the store had it
    expect(it.meter.level(T0)).toBe(40_000_000);
    told[0].answer(1);
    it.copy.take(reported({ level: 40_000_000, corrections: 1, corrected: -10_000_000 }), T0);
    expect(it.meter.level(T0)).toBe(40_000_000);
  });

  test("gives way to another's correction of the same excess", () => {
    const it = copyOf();
    it.copy.take(reported(), T0);
    correct(it, -10_000_000);
    it.copy.tell(T0);
    told[0].answer(false);
    const change = it.copy.take(
      reported({ level: 40_000_000, corrections: 1, corrected: -10_000_000 }),
      T0,
    );
    expect(change).toMatchObject({ correction: -10_000_000 });
    expect(it.meter.level(T0)).toBe(40_000_000);
    it.copy.tell(T0);
    expect(kinds()).toEqual(["adjust"]);
  });

  test("tells the store what is configured, and takes over what is not", () => {
    const configured = copyOf(true);
    configured.copy.take(reported({ capacity: 60_000_000 }), T0);
    configured.copy.tell(T0);
    expect(told[0].correction).toMatchObject({ kind: "resize", capacity: 100_000_000 });
    const learned = copyOf(false);
    expect(learned.copy.take(reported({ capacity: 60_000_000 }), T0)).toMatchObject({
      isResized: true,
    });
    expect(learned.meter.capacity).toBe(60_000_000);
  });

  test("takes a later change of a configured limit over, too: another was reloaded", () => {
    const { meter, copy } = copyOf();
    copy.take(reported(), T0);
    copy.take(reported({ capacity: 60_000_000 }), T0);
    expect(meter.capacity).toBe(60_000_000);
    copy.tell(T0);
    expect(told).toEqual([]);
  });

  test("rests with the others, and tells them when it begins or ends a rest", () => {
    const { meter, copy } = copyOf();
    copy.take(reported(), T0);
    expect(copy.take(reported({ restsFor: 5 * SECOND }), T0)).toMatchObject({ isRested: true });
    expect(meter.frozenUntil).toBe(T0 + 5 * SECOND);
    expect(copy.take(reported({ restsFor: 4 * SECOND }), T0 + SECOND)).toBeNull();
    meter.frozenUntil = 0;
    copy.tell(T0 + SECOND);
    expect(told[0].correction).toEqual({
      ...{ kind: "rest", meter: "tokens", micros: 0, probeIn: null },
    });
    // Until that is answered the store's word on it is an old one.
    copy.take(reported({ restsFor: 4 * SECOND }), T0 + SECOND);
    expect(meter.frozenUntil).toBe(0);
  });

  test("tells others' traffic when it has changed by much, and takes it over only at first", () => {
    const { meter, copy } = copyOf();
    const rate = meter.rate;
    expect(copy.take(reported({ foreign: 0.3 * rate }), T0)).toMatchObject({ foreign: 0.3 * rate });
    meter.setForeign(0.31 * rate, T0);
    copy.tell(T0);
    expect(told).toEqual([]);
    meter.setForeign(0.5 * rate, T0);
    copy.tell(T0);
    expect(kinds()).toEqual(["foreign"]);
    told[0].answer(true);
    expect(copy.take(reported({ foreign: 0.4 * rate }), T0)).toBeNull();
    expect(meter.foreign).toBeCloseTo(0.5 * rate, 12);
  });

  test("shares its margin", () => {
    const { meter, copy } = copyOf();
    copy.take(reported({ margin: 0.05 }), T0);
    expect(meter.margin).toBe(0.05);
    meter.margin = 0.1;
    copy.tell(T0);
    expect(told[0].correction).toEqual({ kind: "margin", meter: "tokens", share: 0.1 });
  });
});
