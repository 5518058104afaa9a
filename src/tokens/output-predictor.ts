/**
 * Output predictor: how many tokens calls like this one generate, learned from the calls before.
 *
 * What is known of a tenant's own calls counts more the more of them were seen; until then the same
 * task type, and then the model, stand in for them. The quantile that is reserved follows its own
 * mistakes, so that what calls generate beyond their reservations stays a small share of all.
 */
import { LRUCache } from "lru-cache";
import { OutputHistory } from "./output-history.ts";

/** Names come from clients, so what is learned of them is bounded; the least lately used is forgotten. */
const REMEMBERED_KINDS = 4_096;
/** Before that many answers of a model nothing is foreseen: a few say little about the longest. */
const LEAST_ANSWERS = 8;
/** So many answers of its own weigh as much as all that is known of the wider kind. */
const BORROWED_ANSWERS = 8;

/** Share of the calls that may exceed their reservation: at first, and at least. */
const FIRST_RISK = 0.1;
const LEAST_RISK = 0.001;
/** Tokens beyond reservations as a share of all: aimed a little below the 2 % that shall hold. */
const OVERRUN_AIM = 0.015;
/**
 * How fast the risk follows its mistakes. The step is online quantile tracking (Gibbs and Candes,
 * "Adaptive conformal inference", 2021): in the long run the mean mistake is what is aimed at,
 * whatever the distribution. A call without a mistake raises the risk by 0.4 %.
 */
const GAIN = 0.25;
/** One monstrous answer must not make hundreds of calls reserve too much. */
const LARGEST_STEP = 2;

/** Whose calls, doing what, by which model. */
export interface OutputKind {
  readonly tenant: string;
  readonly taskType: string;
  /** As sent upstream. */
  readonly model: string;
}

export interface OutputPrediction {
  /** Tokens to reserve: hardly exceeded. */
  readonly reserved: number;
  /** Tokens to expect on average. */
  readonly mean: number;
}

interface Learned {
  readonly answers: OutputHistory;
  risk: number;
}

export class OutputPredictor {
  readonly #kinds = new LRUCache<string, Learned>({ max: REMEMBERED_KINDS });

  /** Null: too little is known of the model. */
  predict(kind: OutputKind): OutputPrediction | null {
    const known = keysOf(kind).map((key) => this.#kinds.get(key));
    const [model] = known;
    if (model === undefined || model.answers.count < LEAST_ANSWERS) return null;
    const { risk } = known.findLast((learned) => learned !== undefined) ?? model;
    let reserved = 0;
    let mean = 0;
    for (const learned of known) {
      if (learned === undefined) continue;
      const { answers } = learned;
      const weight = learned === model ? 1 : answers.count / (answers.count + BORROWED_ANSWERS);
      reserved += weight * (answers.quantile(1 - risk) - reserved);
      mean += weight * (answers.mean - mean);
    }
    return { reserved: Math.ceil(reserved), mean };
  }

  /** An answer has ended: so many tokens were generated, so many had been reserved for it. */
  learn(kind: OutputKind, generated: number, reserved: number): void {
    let risk = FIRST_RISK;
    for (const key of keysOf(kind)) {
      const learned = this.#kinds.get(key) ?? { answers: new OutputHistory(), risk };
      this.#kinds.set(key, learned);
      learned.answers.add(generated);
      learned.risk = nextRisk(learned.risk, (generated - reserved) / learned.answers.mean);
      risk = learned.risk;
    }
  }
}

/** `overrun`: tokens beyond the reservation over those of a mean answer; not above 0: none. */
function nextRisk(risk: number, overrun: number): number {
  const mistake = overrun > 0 ? overrun : 0;
  const step = Math.max(GAIN * (OVERRUN_AIM - mistake), -LARGEST_STEP);
  return Math.min(Math.max(risk * Math.exp(step), LEAST_RISK), FIRST_RISK);
}

/** Widest first. A tenant's name holds no NUL, so nobody's task type reads like another tenant's. */
function keysOf({ tenant, taskType, model }: OutputKind): readonly string[] {
  const ofType = `${taskType}\0${model}`;
  return [`model\0${model}`, `type\0${ofType}`, `tenant\0${tenant}\0${ofType}`];
}
