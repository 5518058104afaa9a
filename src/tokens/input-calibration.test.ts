import { describe, expect, test } from "vitest";
import { seeded } from "../../test/support/gateway-random.ts";
import { INPUT_KINDS, type InputEstimate, type InputKind } from "../core/input-estimate.ts";
import { InputCalibration, uncorrected } from "./input-calibration.ts";

const MODEL = "it\0claude";

function estimate(tokens: Partial<Record<InputKind, number>>, isExact = false): InputEstimate {
  return { counter: "claude", isExact, tokens: INPUT_KINDS.map((kind) => tokens[kind] ?? 0) };
}

/** So many answers of one make, which had used `ratio` times what was estimated. */
function teach(
  calibration: InputCalibration,
  tokens: Partial<Record<InputKind, number>>,
  ratio: number,
  answers = 50,
): void {
  const counted = estimate(tokens);
  const sum = Array.from(counted.tokens).reduce((all, one) => all + one, 0);
  for (let i = 0; i < answers; i++) calibration.learn(MODEL, counted, sum * ratio);
}

const expectedOf = (calibration: InputCalibration, tokens: Partial<Record<InputKind, number>>) =>
  calibration.correct(MODEL, estimate(tokens)).expected;

describe("what is expected", () => {
  test("is the estimate until something was learned", () => {
    expect(expectedOf(new InputCalibration(), { prose: 70, frame: 30 })).toBe(100);
    expect(uncorrected(estimate({ prose: 70, frame: 30 })).expected).toBe(100);
  });

  test("is what one answer has used, from the next one on", () => {
    const calibration = new InputCalibration();
    teach(calibration, { prose: 1_000 }, 1.3, 1);
    expect(expectedOf(calibration, { prose: 2_000 })).toBeCloseTo(2_600, -1);
  });

  test("of one kind is not changed by answers of another", () => {
    const calibration = new InputCalibration();
    teach(calibration, { ideographs: 1_000 }, 1.8);
    expect(expectedOf(calibration, { code: 500 })).toBe(500);
  });

  test("of kinds that only came mixed is learned from their mixtures", () => {
    const calibration = new InputCalibration();
    const random = seeded(1);
    for (let i = 0; i < 400; i++) {
      const [prose, data] = [random() * 1_000, random() * 1_000];
      calibration.learn(MODEL, estimate({ prose, data }), prose * 1.2 + data * 0.8);
    }
    expect(expectedOf(calibration, { prose: 1_000 }) / 1_200).toBeCloseTo(1, 1);
    expect(expectedOf(calibration, { data: 1_000 }) / 800).toBeCloseTo(1, 1);
  });

  test("follows a model that has changed", () => {
    const calibration = new InputCalibration();
    teach(calibration, { prose: 1_000 }, 1, 500);
    teach(calibration, { prose: 1_000 }, 1.35, 250);
    expect(expectedOf(calibration, { prose: 1_000 }) / 1_350).toBeCloseTo(1, 1);
  });

  test("is hardly moved by single answers that are far off, also by the first", () => {
    const calibration = new InputCalibration();
    const random = seeded(2);
    for (let i = 0; i < 200; i++) {
      const ratio = i % 20 === 0 ? 15 : 1.1 * (1 + 0.04 * (random() - 0.5));
      calibration.learn(MODEL, estimate({ prose: 1_000 }), 1_000 * ratio);
    }
    expect(Math.abs(expectedOf(calibration, { prose: 1_000 }) / 1_100 - 1)).toBeLessThan(0.05);
  });

  test("of one model is not that of another, nor that of another way to count", () => {
    const calibration = new InputCalibration();
    teach(calibration, { prose: 1_000 }, 2);
    const other = { ...estimate({ prose: 1_000 }), counter: "rough claude" };
    expect(calibration.correct(MODEL, other).expected).toBe(1_000);
    expect(calibration.correct("it\0gpt", estimate({ prose: 1_000 })).expected).toBe(1_000);
  });

  test("is finite whatever was reported", () => {
    const calibration = new InputCalibration();
    const odd = [0, -1, Number.NaN, 1e9, 1e-9, Number.POSITIVE_INFINITY];
    for (const used of odd) calibration.learn(MODEL, estimate({ prose: 10 }), used);
    calibration.learn(MODEL, estimate({}), 10);
    const { expected, reserved } = calibration.correct(MODEL, estimate({ prose: 10 }));
    expect(expected).toBeGreaterThan(2);
    expect(reserved).toBeLessThan(1_000);
    expect(calibration.correct(MODEL, estimate({}))).toEqual({ expected: 0, reserved: 4 });
  });
});

describe("what is reserved", () => {
  test("is a third more for a foreign vocabulary at first, and next to nothing for a known one", () => {
    const tokens = { prose: 100_000 };
    expect(uncorrected(estimate(tokens)).reserved).toBeGreaterThan(130_000);
    expect(uncorrected(estimate(tokens, true)).reserved).toBeLessThan(102_100);
  });

  test("comes down to the expectation where answers are as expected", () => {
    const calibration = new InputCalibration();
    teach(calibration, { prose: 10_000 }, 1.2, 400);
    expect(calibration.correct(MODEL, estimate({ prose: 10_000 })).reserved).toBeLessThan(12_200);
  });

  test("stays above what varies", () => {
    const calibration = new InputCalibration();
    const random = seeded(3);
    let overruns = 0;
    for (let i = 0; i < 20_000; i++) {
      const used = 5_000 * (1 + 0.3 * (random() + random() - 1));
      const { reserved } = calibration.correct(MODEL, estimate({ code: 5_000 }));
      if (used > reserved) overruns++;
      calibration.learn(MODEL, estimate({ code: 5_000 }), used);
    }
    expect(overruns).toBeLessThanOrEqual(20);
  });
});

test("models are forgotten when there are too many of them", () => {
  const calibration = new InputCalibration();
  for (let i = 0; i < 1_100; i++) calibration.learn(`m${i}`, estimate({ prose: 100 }), 200);
  expect(calibration.correct("m0", estimate({ prose: 100 })).expected).toBe(100);
  expect(calibration.correct("m1099", estimate({ prose: 100 })).expected).toBe(200);
});
