import { describe, expect, test } from "vitest";
import { seeded } from "../../test/support/gateway-random.ts";
import { type OutputKind, OutputPredictor } from "./output-predictor.ts";

const KIND: OutputKind = { tenant: "acme", taskType: "chat", model: "claude" };
/** More than any answer here: nothing is ever beyond its reservation. */
const PLENTY = 1_000_000;

/** So many answers of one length. */
function teach(
  predictor: OutputPredictor,
  kind: Partial<OutputKind>,
  tokens: number,
  answers = 128,
): void {
  for (let i = 0; i < answers; i++) predictor.learn({ ...KIND, ...kind }, tokens, PLENTY);
}

describe("what is foreseen", () => {
  test("is nothing until a few answers of the model have come", () => {
    const predictor = new OutputPredictor();
    teach(predictor, {}, 100, 7);
    expect(predictor.predict(KIND)).toBe(null);
    teach(predictor, {}, 100, 1);
    expect(predictor.predict(KIND)).toEqual({ reserved: 100, mean: 100 });
    expect(predictor.predict({ ...KIND, model: "gpt" })).toBe(null);
  });

  test("for a new tenant is what others of its task type had", () => {
    const predictor = new OutputPredictor();
    teach(predictor, { tenant: "other", taskType: "chat" }, 1_000);
    teach(predictor, { tenant: "other", taskType: "classify" }, 10);
    const classified = predictor.predict({ ...KIND, taskType: "classify" });
    expect(classified?.reserved).toBeLessThan(90);
    expect(predictor.predict(KIND)?.mean).toBeGreaterThan(900);
  });

  test("for a new task type is what the model had", () => {
    const predictor = new OutputPredictor();
    teach(predictor, { taskType: "chat" }, 300);
    expect(predictor.predict({ ...KIND, taskType: "new" })).toEqual({ reserved: 300, mean: 300 });
  });

  test("of a tenant's own counts more the more of it was seen", () => {
    const predictor = new OutputPredictor();
    teach(predictor, { tenant: "other" }, 1_000);
    const meansAfter = [0, 1, 8, 64].map((answers) => {
      const fresh = { ...KIND, tenant: `tenant-${answers}` };
      for (let i = 0; i < answers; i++) predictor.learn(fresh, 0, PLENTY);
      return predictor.predict(fresh)?.mean ?? Number.NaN;
    });
    const sorted = [...meansAfter].sort((a, b) => b - a);
    expect(meansAfter).toEqual(sorted);
    expect(meansAfter[0]).toBeGreaterThan(900);
    // Eight of its own weigh as much as all others.
    expect(meansAfter[2] / meansAfter[0]).toBeCloseTo(0.5, 0);
    expect(meansAfter[3]).toBeLessThan(150);
  });

  test("of one tenant does not depend on another with a task type of its own", () => {
    const predictor = new OutputPredictor();
    teach(predictor, { tenant: "a", taskType: "long" }, 5_000);
    teach(predictor, { tenant: "b", taskType: "short" }, 50);
    const a = predictor.predict({ ...KIND, tenant: "a", taskType: "long" });
    const b = predictor.predict({ ...KIND, tenant: "b", taskType: "short" });
    expect(a?.mean).toBeGreaterThan(4_500);
    expect(b?.mean).toBeLessThan(300);
  });

  test("follows a change of habit within the latest answers", () => {
    const predictor = new OutputPredictor();
    teach(predictor, {}, 2_000, 1_000);
    teach(predictor, {}, 100, 128);
    expect(predictor.predict(KIND)).toEqual({ reserved: 100, mean: 100 });
  });
});

describe("what is reserved", () => {
  /** Log-normal, as the lengths of answers are. */
  function lengths(seed: number, median: number, spread: number): () => number {
    const random = seeded(seed);
    return () => {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      return Math.round(median * Math.exp(spread * normal));
    };
  }

  // Heavier tails than these have more of their tokens in answers longer than 128 others.
  test.each([
    [1, 0.3],
    [2, 0.6],
    [3, 0.8],
  ])("is hardly exceeded, and not much more than needed; seed %s, spread %s", (seed, spread) => {
    const predictor = new OutputPredictor();
    const next = lengths(seed, 120, spread);
    const sums = { generated: 0, beyond: 0, reserved: 0 };
    for (let i = 0; i < 6_000; i++) {
      const generated = next();
      const reserved = predictor.predict(KIND)?.reserved ?? 256;
      predictor.learn(KIND, generated, reserved);
      if (i < 1_000) continue;
      sums.generated += generated;
      sums.beyond += Math.max(0, generated - reserved);
      sums.reserved += reserved;
    }
    expect(sums.beyond / sums.generated).toBeLessThan(0.025);
    // What covers 99.9 % of a log-normal, against its mean.
    const most = Math.exp(3.1 * spread - spread ** 2 / 2);
    expect(sums.reserved / sums.generated).toBeLessThan(most);
  });

  test("grows with every mistake, and shrinks again while there are none", () => {
    const predictor = new OutputPredictor();
    const values = Array.from({ length: 128 }, (_, i) => (i % 16 === 0 ? 900 : 100));
    for (const value of values) predictor.learn(KIND, value, PLENTY);
    expect(predictor.predict(KIND)?.reserved).toBe(100);
    for (const value of values) predictor.learn(KIND, value, 100);
    expect(predictor.predict(KIND)?.reserved).toBe(900);
    for (let i = 0; i < 20; i++) {
      for (const value of values) predictor.learn(KIND, value, PLENTY);
    }
    expect(predictor.predict(KIND)?.reserved).toBe(100);
  });

  test("one monstrous answer does not make all that follow reserve as much", () => {
    const predictor = new OutputPredictor();
    teach(predictor, {}, 100);
    predictor.learn(KIND, 100_000, 100);
    teach(predictor, {}, 100, 127);
    teach(predictor, {}, 100, 1);
    expect(predictor.predict(KIND)?.reserved).toBe(100);
  });

  test("is a whole number, never below nothing, also if nobody ever says a word", () => {
    const predictor = new OutputPredictor();
    teach(predictor, {}, 0);
    expect(predictor.predict(KIND)).toEqual({ reserved: 0, mean: 0 });
    teach(predictor, { tenant: "b" }, 7, 3);
    const { reserved } = predictor.predict({ ...KIND, tenant: "b" }) ?? { reserved: Number.NaN };
    expect(Number.isInteger(reserved)).toBe(true);
  });
});

describe("memory", () => {
  test("is bounded: who was silent longest is a stranger again, what all use stays", () => {
    const predictor = new OutputPredictor();
    teach(predictor, { tenant: "early" }, 5_000, 64);
    expect(predictor.predict({ ...KIND, tenant: "early" })?.mean).toBe(5_000);
    for (let i = 0; i < 5_000; i++) {
      predictor.learn({ ...KIND, tenant: `tenant-${i}` }, 10, PLENTY);
    }
    const stranger = predictor.predict({ ...KIND, tenant: "never seen" });
    expect(stranger).toEqual({ reserved: 10, mean: 10 });
    expect(predictor.predict({ ...KIND, tenant: "early" })).toEqual(stranger);
    expect(predictor.predict({ ...KIND, tenant: "tenant-4999" })).toEqual(stranger);
  });

  test("models that clients make up do not push out one that is in use", () => {
    const predictor = new OutputPredictor();
    teach(predictor, {}, 700);
    for (let i = 0; i < 10_000; i++) {
      predictor.learn({ ...KIND, tenant: "stranger", model: `made-up-${i}` }, 1, PLENTY);
      if (i % 500 === 0) predictor.predict(KIND);
    }
    expect(predictor.predict(KIND)).toEqual({ reserved: 700, mean: 700 });
  });
});
