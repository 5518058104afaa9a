/**
 * Input calibration: what estimates have to be multiplied with, learned from the usage that comes back.
 *
 * Usage tells one number for all kinds of input together. Each answer moves the factors of the
 * kinds it was made of, in proportion to their share (normalised least mean squares on logarithms,
 * which meets a request of one kind exactly); the more answers of a kind, the smaller the step.
 */
import { LRUCache } from "lru-cache";
import { type CorrectedInput, INPUT_KINDS, type InputEstimate } from "../core/input-estimate.ts";

/** Names come from clients, so what is learned of them is bounded; the least lately used is forgotten. */
const REMEMBERED_MODELS = 1_024;
/** A step is a mean over this many answers at most, so that a change of the vocabulary is learned. */
const LONGEST_MEAN = 40;
/** No vocabulary is farther than that from the one that counts; a larger mistake is something else. */
const LARGEST_MISTAKE = Math.log(3);
/** Once so much is known, a mistake counts as this many usual ones at most: outliers say little. */
const USUAL_MISTAKES = 3;
const LEAST_CLIP = 0.02;
const FIRST_ANSWERS = 8;

/** What is reserved above the expectation before anything is known. */
const EXACT_MARGIN = 0.02;
const FAMILY_MARGIN = 0.3;
/** Usual mistakes that are reserved for: 6 mean ones are nearly 5 standard deviations of a bell curve. */
const FIRST_CAUTION = 6;
const LEAST_CAUTION = 4;
const MOST_CAUTION = 20;
/**
 * Online quantile tracking (Gibbs and Candes 2021): where one call in 4,000 exceeds its reserve,
 * the steps cancel out.
 */
const CAUTION_UP = 1;
const CAUTION_DOWN = CAUTION_UP / 4_000;
/** Words vary, and in a short text it shows: relative mistakes grow as 1 / sqrt(tokens) below this many. */
const SHORT_TOKENS = 400;
/** Rounding, and the few tokens that templates differ by. */
const SPARE_TOKENS = 4;

interface Learned {
  /** Logarithms, by kind. */
  readonly factors: Float64Array;
  /** Answers that each kind was in, by its share in them. */
  readonly weights: Float64Array;
  answers: number;
  /** Mean of the logarithm's mistake, without its sign, as of a long text. */
  usualMistake: number;
  caution: number;
}

export class InputCalibration {
  readonly #models = new LRUCache<string, Learned>({ max: REMEMBERED_MODELS });

  /** `model` names whatever answers alike: an upstream and its model. */
  correct(model: string, estimate: InputEstimate): CorrectedInput {
    return corrected(estimate, this.#models.get(keyOf(model, estimate)) ?? NOTHING);
  }

  /** A call has been answered: it had used so many tokens of input, cached ones included. */
  learn(model: string, estimate: InputEstimate, usedTokens: number): void {
    const key = keyOf(model, estimate);
    const learned = this.#models.get(key) ?? nothing();
    const expected = expectedOf(estimate, learned);
    if (!(expected > 0 && usedTokens > 0)) return;
    this.#models.set(key, learned);
    const isOverrun = usedTokens > corrected(estimate, learned).reserved;
    const caution = learned.caution + (isOverrun ? CAUTION_UP : -CAUTION_DOWN);
    learned.caution = Math.min(Math.max(caution, LEAST_CAUTION), MOST_CAUTION);
    const spread = spreadAt(expected);
    const most = spread * clipOf(learned);
    const mistake = Math.min(Math.max(Math.log(usedTokens / expected), -most), most);
    moveFactors(learned, estimate, expected, mistake);
    learned.answers++;
    const step = 1 / Math.min(learned.answers, LONGEST_MEAN);
    learned.usualMistake += step * (Math.abs(mistake) / spread - learned.usualMistake);
  }
}

/** Of what nothing was learned: as it was counted. */
export function uncorrected(estimate: InputEstimate): CorrectedInput {
  return corrected(estimate, NOTHING);
}

function nothing(): Learned {
  return {
    factors: new Float64Array(INPUT_KINDS.length),
    weights: new Float64Array(INPUT_KINDS.length),
    answers: 0,
    usualMistake: 0,
    caution: FIRST_CAUTION,
  };
}

const NOTHING: Readonly<Learned> = nothing();

function corrected(estimate: InputEstimate, learned: Readonly<Learned>): CorrectedInput {
  const expected = expectedOf(estimate, learned);
  const margin = spreadAt(expected) * marginOf(estimate, learned);
  const reserved = expected * (1 + margin) + SPARE_TOKENS;
  return { expected: Math.ceil(expected), reserved: Math.ceil(reserved) };
}

function expectedOf({ tokens }: InputEstimate, { factors }: Readonly<Learned>): number {
  let sum = 0;
  for (let kind = 0; kind < factors.length; kind++) sum += tokens[kind] * Math.exp(factors[kind]);
  return sum;
}

/** How much more a text of so many tokens strays than a long one. */
function spreadAt(tokens: number): number {
  return Math.sqrt(1 + SHORT_TOKENS / Math.max(tokens, 1));
}

/** What is assumed gives way to what was seen. */
function marginOf({ isExact }: InputEstimate, learned: Readonly<Learned>): number {
  const { answers, usualMistake, caution } = learned;
  const assumed = isExact ? EXACT_MARGIN : FAMILY_MARGIN;
  return (assumed * FIRST_ANSWERS + caution * usualMistake * answers) / (FIRST_ANSWERS + answers);
}

function clipOf({ answers, usualMistake }: Learned): number {
  if (answers < FIRST_ANSWERS) return LARGEST_MISTAKE;
  return Math.min(Math.max(USUAL_MISTAKES * usualMistake, LEAST_CLIP), LARGEST_MISTAKE);
}

function moveFactors(
  { factors, weights }: Learned,
  { tokens }: InputEstimate,
  expected: number,
  mistake: number,
): void {
  const shares = factors.map((factor, kind) => (tokens[kind] * Math.exp(factor)) / expected);
  const norm = shares.reduce((sum, share) => sum + share * share, 0);
  for (let kind = 0; kind < factors.length; kind++) {
    const step = 1 / Math.min(weights[kind] + 1, LONGEST_MEAN);
    const factor = factors[kind] + (step * mistake * shares[kind]) / norm;
    factors[kind] = Math.min(Math.max(factor, -LARGEST_MISTAKE), LARGEST_MISTAKE);
    weights[kind] += shares[kind];
  }
}

/** Counted in another way, mistakes are others too. A counter's name holds no NUL. */
function keyOf(model: string, { counter }: InputEstimate): string {
  return `${counter}\0${model}`;
}
