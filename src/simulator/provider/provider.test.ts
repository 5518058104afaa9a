import { describe, expect, test } from "vitest";
import { task } from "../../../test/support/small-scenario.ts";
import type { LimitRule } from "../../runtime/account/limit-meter.ts";
import { minuteLimits } from "../load/place.ts";
import { createProvider } from "./create-provider.ts";
import type { SimulatedDialect } from "./rules.ts";

const MIDNIGHT = 1_699_920_000_000_000;
const SECOND = 1_000_000;

function providerWith(
  limits: readonly LimitRule[],
  dialect: SimulatedDialect = "openai",
  models: readonly (string | null)[] = [null],
) {
  return createProvider({ dialect, limits, models, initialShare: 1 }, MIDNIGHT);
}

function limit(parts: Partial<LimitRule>): LimitRule {
  return { ...minuteLimits(60, 60)[0], ...parts };
}

const at = (seconds: number) => MIDNIGHT + seconds * SECOND;

describe("an account as OpenAI keeps it", () => {
  const [requests, tokens] = minuteLimits(60, 6_000);

  test("charges the larger of prompt and max_tokens on admission, and gives nothing back", () => {
    const provider = providerWith([tokens]);
    provider.admit(task({ inputTokens: 100, outputTokens: 700, cost: 700 }), 0, at(0));
    expect(provider.readings(0, at(0))[0]).toMatchObject({ remaining: 5_300, limit: 6_000 });
  });

  test("refuses what does not fit, with the time until it does, and counts the refusal as a request", () => {
    const provider = providerWith([requests, tokens]);
    expect(provider.admit(task({ inputTokens: 6_000, cost: 6_000 }), 0, at(0))).toBeNull();
    expect(provider.admit(task({ cost: 100 }), 0, at(0.5))).toEqual({
      dimension: "tokens",
      retryAfter: 0.5 * SECOND,
    });
    expect(provider.readings(0, at(0.5))[0]).toMatchObject({ remaining: 58 });
    expect(provider.admit(task({ cost: 100 }), 0, at(1))).toBeNull();
    expect(provider).toMatchObject({ requests: 3, refused429: 1 });
  });

  test("names no time for what is larger than the limit", () => {
    const refusal = providerWith([tokens]).admit(task({ cost: 6_001 }), 0, at(0));
    expect(refusal).toEqual({ dimension: "tokens", retryAfter: null });
  });

  test("fills up to the brim, and what runs over was available nevertheless", () => {
    const provider = providerWith([tokens]);
    provider.admit(task({ cost: 3_000 }), 0, at(0));
    expect(provider.mostTokens(0, at(20))).toBeCloseTo(5_000, 5);
    expect(provider.mostTokens(0, at(90))).toBeCloseTo(6_000, 5);
    const { charged, available } = provider.books(at(90));
    expect([charged[0], available[0]]).toEqual([3_000, 6_000 + 9_000]);
  });
});

describe("an account as Anthropic keeps it", () => {
  const output = limit({ dimension: "output_tokens", amount: 6_000 });
  const long = task({ inputTokens: 10, outputTokens: 1_000 });

  test("counts output while it is produced, and only asks that there is some left", () => {
    const provider = providerWith([output], "anthropic");
    expect(provider.admit(long, 0, at(0))).toBeNull();
    provider.begin(long, 0, 10 * SECOND, at(0));
    expect(provider.readings(0, at(5))[0].remaining).toBe(6_000);
    provider.begin(long, 0, SECOND, at(5));
    expect(provider.books(at(6)).charged[0]).toBeCloseTo(600 + 1_000, 3);
    provider.finish(long, 0, SECOND, at(6));
    provider.finish(long, 0, 10 * SECOND, at(10));
    expect(provider.books(at(60)).charged[0]).toBeCloseTo(2_000, 3);
  });

  test("counts output of a window when the answer is complete", () => {
    const provider = providerWith([{ ...output, window: "fixed" }], "anthropic");
    provider.admit(long, 0, at(0));
    expect(provider.books(at(1)).charged[0]).toBe(0);
    provider.finish(long, 0, SECOND, at(2));
    expect(provider.books(at(2)).charged[0]).toBe(1_000);
  });

  test("counts no refusals, and tells tokens in thousands", () => {
    const limits = [limit({ amount: 1 }), limit({ dimension: "input_tokens", amount: 9_400 })];
    const provider = providerWith(limits, "anthropic");
    provider.admit(task(), 0, at(0));
    provider.admit(task(), 0, at(0));
    expect(provider.admit(task(), 0, at(60))).toBeNull();
    expect(provider.readings(0, at(0))[1]).toMatchObject({ remaining: 9_000, quantum: 1_000 });
  });
});

describe("windows and places", () => {
  test("a window of the clock is whole at its end, not before", () => {
    const provider = providerWith([limit({ amount: 2, window: "fixed" })], "generic");
    provider.admit(task(), 0, at(50));
    provider.admit(task(), 0, at(50));
    expect(provider.admit(task(), 0, at(55))).toEqual({
      dimension: "requests",
      retryAfter: 5 * SECOND,
    });
    expect(provider.admit(task(), 0, at(60))).toBeNull();
    expect(provider.books(at(60)).available[0]).toBe(4);
  });

  test("a rolling window forgets exactly what is older than it", () => {
    const provider = providerWith([limit({ amount: 2, window: "sliding" })], "generic");
    provider.admit(task(), 0, at(10));
    provider.admit(task(), 0, at(20));
    expect(provider.admit(task(), 0, at(69.9))).toMatchObject({ retryAfter: 0.1 * SECOND });
    expect(provider.admit(task(), 0, at(70))).toBeNull();
  });

  test("a place comes back with the end of a call, and nobody knows when", () => {
    const provider = providerWith([limit({ dimension: "concurrency", amount: 1, perMs: null })]);
    provider.admit(task(), 0, at(0));
    expect(provider.admit(task(), 0, at(9))).toEqual({
      dimension: "concurrency",
      retryAfter: null,
    });
    provider.finish(task(), 0, SECOND, at(10));
    expect(provider.admit(task(), 0, at(10))).toBeNull();
  });

  test("a limit counts the models it names: together, or each by itself", () => {
    const selector = { models: ["a*"], project: null, key: null, each: false };
    const models = ["a1", "a2", "b"];
    const shared = providerWith([limit({ amount: 1, selector })], "generic", models);
    expect([0, 1, 2].map((group) => shared.admit(task(), group, at(0)) === null)).toEqual([
      true,
      false,
      true,
    ]);
    const each = providerWith(
      [limit({ amount: 1, selector: { ...selector, each: true } })],
      "generic",
      models,
    );
    expect([0, 1, 1].map((group) => each.admit(task(), group, at(0)) === null)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

test("somebody else's requests take what is there, and are no refusals of ours", () => {
  const provider = providerWith(minuteLimits(1, 1_000));
  provider.admitForeign(task(), 0, at(0));
  provider.admitForeign(task(), 0, at(0));
  expect(provider).toMatchObject({ requests: 0, refused429: 0 });
  expect(provider.admit(task(), 0, at(0))).toMatchObject({ dimension: "requests" });
});
