/** How near estimates come: exact, approximated by family, and learned from the usage that comes back. */
import { beforeAll, describe, expect, test } from "vitest";
import { seeded } from "../../test/support/gateway-random.ts";
import { makeText, TEXT_SORTS, type TextSort } from "../../test/support/texts/texts.ts";
import { PROVIDER_TOKENIZERS } from "../../test/support/texts/tokenizers.ts";
import type { InputEstimate } from "../core/input-estimate.ts";
import { loadEncoding } from "./bpe/encodings.ts";
import { InputCalibration, uncorrected } from "./input-calibration.ts";
import { estimateInput } from "./input-counter.ts";

const SEED = Number(process.env.SEED ?? 1);
const TEXTS = 110;
/** Four tokenizers count 660 texts each: 7 s, and many times that on a busy machine. */
const PREPARATION_MS = 240_000;
const LENGTHS = [1_500, 2_500, 4_000];

interface Sample {
  readonly sort: TextSort;
  readonly estimate: InputEstimate;
  readonly used: number;
}

const sampled = new Map<string, readonly Sample[]>();

function sample(model: string, count: (text: string) => number): readonly Sample[] {
  return TEXT_SORTS.flatMap((sort, place) =>
    Array.from({ length: TEXTS }, (_, i) => {
      const text = makeText(sort, LENGTHS[i % 3], SEED * 1_000_000 + place * 1_000 + i);
      const estimate = estimateInput(model, { texts: [text], frameTokens: 0, imageTokens: 0 });
      return { sort, estimate, used: count(text) };
    }),
  );
}

function p95(errors: readonly number[]): number {
  const sorted = errors.map(Math.abs).sort((a, b) => a - b);
  return sorted[Math.ceil(0.95 * sorted.length) - 1];
}

/** After 50 answers. Words of other scripts vary more, and their tokens are many. */
const NEAR: Readonly<Record<TextSort, number>> = {
  prose: 0.05,
  code: 0.05,
  json: 0.05,
  chinese: 0.05,
  base64: 0.05,
  russian: 0.07,
};

const errorOf = (expected: number, used: number) => (expected - used) / used;

beforeAll(async () => {
  await loadEncoding("o200k_base");
  for (const { model, count } of PROVIDER_TOKENIZERS) sampled.set(model, sample(model, count));
}, PREPARATION_MS);

describe.each(PROVIDER_TOKENIZERS.map(({ model }) => model))("%s", (model) => {
  const samples = () => sampled.get(model) as readonly Sample[];

  test.each(TEXT_SORTS)("%s is estimated within a quarter before anything was learned", (sort) => {
    const own = samples().filter((one) => one.sort === sort);
    expect(
      p95(own.map(({ estimate, used }) => errorOf(uncorrected(estimate).expected, used))),
    ).toBeLessThan(0.25);
  });

  test.each(TEXT_SORTS)("%s is near after 50 answers", (sort) => {
    const calibration = new InputCalibration();
    const own = samples().filter((one) => one.sort === sort);
    for (const { estimate, used } of own.slice(0, 50)) calibration.learn(model, estimate, used);
    const rest = own.slice(50);
    expect(
      p95(
        rest.map(({ estimate, used }) =>
          errorOf(calibration.correct(model, estimate).expected, used),
        ),
      ),
    ).toBeLessThan(NEAR[sort]);
  });

  test("every sort is near where all come mixed, 50 answers of each", () => {
    const calibration = new InputCalibration();
    const errors = new Map<TextSort, number[]>(TEXT_SORTS.map((sort) => [sort, []]));
    for (let i = 0; i < TEXTS; i++) {
      for (const { sort, estimate, used } of samples().filter((_, at) => at % TEXTS === i)) {
        const { expected } = calibration.correct(model, estimate);
        if (i >= 50) errors.get(sort)?.push(errorOf(expected, used));
        calibration.learn(model, estimate, used);
      }
    }
    for (const [sort, own] of errors) expect(p95(own), sort).toBeLessThan(NEAR[sort]);
  });
});

describe("requests made of several texts", () => {
  const CALLS = 10_000;

  /** Messages drawn at random, with a frame that the provider makes twice as large as we think. */
  function* calls(model: string, seed: number) {
    const random = seeded(seed);
    const samples = sampled.get(model) as readonly Sample[];
    for (let i = 0; i < CALLS; i++) {
      const messages = 1 + Math.floor(random() * 8);
      const tokens = new Float64Array(samples[0].estimate.tokens.length);
      let used = 12 + 8 * messages;
      for (let m = 0; m < messages; m++) {
        const one = samples[Math.floor(random() * samples.length)];
        used += one.used;
        for (let k = 0; k < tokens.length; k++) tokens[k] += one.estimate.tokens[k];
      }
      tokens[6] += 4 * messages;
      yield { estimate: { ...samples[0].estimate, tokens }, used };
    }
  }

  test.each(PROVIDER_TOKENIZERS.map(({ model }) => model))(
    "of %s exceed what was reserved for them in 0.1 % of calls at most, and waste little",
    (model) => {
      const calibration = new InputCalibration();
      let overruns = 0;
      let reserves = 0;
      let uses = 0;
      for (const { estimate, used } of calls(model, SEED)) {
        const { reserved } = calibration.correct(model, estimate);
        if (used > reserved) overruns++;
        reserves += reserved;
        uses += used;
        calibration.learn(model, estimate, used);
      }
      expect(overruns / CALLS).toBeLessThanOrEqual(0.001);
      expect(reserves / uses).toBeLessThan(1.25);
    },
  );
});
