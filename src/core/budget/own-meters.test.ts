import { describe, expect, test } from "vitest";
import { SECOND, T0 } from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { type Meter, MICRO_UNITS } from "../meter/meter.ts";
import type { InFlightLimit } from "./in-flight-limit.ts";
import type { BudgetOptions } from "./options.ts";
import { OwnMeters } from "./own-meters.ts";

const ADAPTIVE = { initial: 10, min: 1, max: 200 };
const UNKNOWN: BudgetOptions = { margin: "auto", hasLimits: false, adaptive: ADAPTIVE };

/** Own meters, and which of them were said to be resized. */
function ownMeters(options: Partial<BudgetOptions> = {}) {
  const resized: Meter[] = [];
  const own = new OwnMeters({ ...UNKNOWN, ...options }, T0, (meter) => resized.push(meter));
  return { own, resized };
}

function selectorsOf(meters: readonly Meter[]): string[] {
  return meters.map(({ label }) => label.selector);
}

/** The limit in flight on a path for the model. */
function inFlightFor(own: OwnMeters, model: string | null): InFlightLimit {
  const path = new SchedulerDriver().path(...own.metersFor(model));
  return own.inFlightOn(path) as InFlightLimit;
}

describe("a budget's own meters", () => {
  test.each<{ why: string; options: Partial<BudgetOptions>; selectors: string[] }>([
    {
      why: "nothing is known",
      options: {},
      selectors: ["adaptive rate", "slow start", "model:gpt-5"],
    },
    {
      why: "nothing is known and nothing may be felt out",
      options: { adaptive: null },
      selectors: ["slow start", "model:gpt-5"],
    },
    { why: "limits are configured", options: { hasLimits: true }, selectors: ["model:gpt-5"] },
  ])("are $selectors where $why", ({ options, selectors }) => {
    expect(selectorsOf(ownMeters(options).own.metersFor("gpt-5"))).toEqual(selectors);
  });

  test("count calls in flight by model, and the rest of the account once for all", () => {
    const { own } = ownMeters({ adaptive: null });
    const [start, chat] = own.metersFor("chat");
    expect(own.metersFor("chat")).toEqual([start, chat]);
    expect(own.metersFor("embed")[0]).toBe(start);
    expect(own.metersFor("embed")[1]).not.toBe(chat);
    expect(selectorsOf(own.metersFor(null))).toEqual(["slow start", "account"]);
  });

  test("tell 500 models apart: further ones share a limit, since names come from clients", () => {
    const { own } = ownMeters({ hasLimits: true });
    const meters = new Set<Meter>();
    for (let i = 0; i < 600; i++) meters.add(own.metersFor(`model-${i}`)[0]);
    expect(meters.size).toBe(501);
    expect(selectorsOf(own.metersFor("model-599"))).toEqual(["other models"]);
    expect(selectorsOf(own.metersFor("model-499"))).toEqual(["model:model-499"]);
  });

  test("an overload of one model cuts that model alone", () => {
    const { own, resized } = ownMeters();
    const [chat, embed] = ["chat", "embed"].map((model) => inFlightFor(own, model));
    chat.meter.debit(10 * MICRO_UNITS, T0);
    expect(own.overloaded(chat, T0, T0 + SECOND)).toBe(true);
    expect([chat.isLimited, embed.isLimited]).toEqual([true, false]);
    expect(resized).toEqual([chat.meter]);
    expect(own.overloaded(chat, T0, T0 + SECOND)).toBe(false);
    expect(own.overloaded(null, T0, T0 + SECOND)).toBe(false);
    expect(own.adaptive?.rate).toBe(10);
  });

  test("a refusal halves the adaptive rate, and begins the round of a slow start anew", () => {
    const { own, resized } = ownMeters();
    for (let i = 0; i < 3; i++) own.answered();
    expect(own.refused(T0, T0 + SECOND)).toBe(true);
    own.answered();
    expect(own.adaptive?.rate).toBe(5);
    expect(own.slowStart?.meter.capacity).toBe(4 * MICRO_UNITS);
    expect(resized).toEqual([own.adaptive?.meter]);
  });

  test("a failure of another kind ends a row of successes and cuts nothing", () => {
    const { own } = ownMeters();
    const { adaptive } = own;
    adaptive?.meter.debit(10 * MICRO_UNITS, T0);
    own.sent(null, true, T0);
    for (let i = 0; i < 9; i++) own.succeeded(null, T0 + 2 * SECOND);
    own.failed();
    own.succeeded(null, T0 + 2 * SECOND);
    expect(adaptive?.rate).toBe(10);
    for (let i = 0; i < 9; i++) own.succeeded(null, T0 + 2 * SECOND);
    expect(adaptive?.rate).toBeCloseTo(11);
  });

  test("the rate rises only where others wait behind what was sent", () => {
    const { own } = ownMeters();
    own.adaptive?.meter.debit(10 * MICRO_UNITS, T0);
    own.sent(null, false, T0);
    for (let i = 0; i < 20; i++) own.succeeded(null, T0 + 2 * SECOND);
    expect(own.adaptive?.rate).toBe(10);
  });

  test("step aside, each told once, when headers tell limits", () => {
    const { own, resized } = ownMeters();
    for (let i = 0; i < 3; i++) {
      own.limitTold(T0);
      own.limitsLearned();
    }
    expect(own.adaptive?.isAside).toBe(true);
    expect(own.slowStart?.isOver).toBe(true);
    expect(resized).toEqual([own.adaptive?.meter, own.slowStart?.meter]);
  });

  test("only the adaptive rate is none that a provider could speak of", () => {
    const { own } = ownMeters();
    expect(own.metersFor("chat").map((meter) => own.isOwn(meter))).toEqual([true, false, false]);
  });
});
