/**
 * Classifier: asks a classifier of one's own, within bounds. It is no part of what must work: where
 * it fails, is late or has too much to do, nothing is known, and the shipped rules decide.
 */
import {
  type CancelTimer,
  type Clock,
  MICROS_PER_MS,
  MICROS_PER_SECOND,
} from "../../core/clock.ts";
import type { Classify, ClassifyAnswer, ClassifyQuestion } from "./classify.ts";

/** In a row; then it rests, and is asked one question at a time until it answers. */
const FAILURES_UNTIL_REST = 5;
const REST_MICROS = 5 * MICROS_PER_SECOND;

export interface ClassifierOptions {
  /** Time for one answer. */
  readonly timeoutMs: number;
  /** Questions that may be open at the same time; the others are left to the shipped rules. */
  readonly mostAtOnce: number;
  readonly clock: Clock;
  /** Ends every question. */
  readonly closing: AbortSignal;
}

/** Since the start; `asked` is the sum of `answered`, `failed`, `late` and what is open or was given up. */
export interface ClassifierCounts {
  asked: number;
  answered: number;
  /** Answers by which a smaller model may serve. */
  suits: number;
  failed: number;
  late: number;
  /** Not asked, because it rests or has enough to do. */
  skipped: number;
}

/** Null: the shipped rules decide. */
export type Decision = boolean | null;

export class Classifier {
  readonly counts: ClassifierCounts = {
    asked: 0,
    answered: 0,
    suits: 0,
    failed: 0,
    late: 0,
    skipped: 0,
  };
  readonly #classify: Classify;
  readonly #options: ClassifierOptions;
  #open = 0;
  #failuresInARow = 0;
  #restsUntil = 0;

  constructor(classify: Classify, options: ClassifierOptions) {
    this.#classify = classify;
    this.#options = options;
  }

  /**
   * At once where the classifier answers at once. A promise never rejects, and is kept within the
   * time limit or `patienceMs`, whatever is shorter.
   */
  ask(
    question: () => ClassifyQuestion,
    patienceMs: number,
    signal: AbortSignal,
  ): Decision | Promise<Decision> {
    const withinMs = Math.min(this.#options.timeoutMs, patienceMs);
    if (withinMs < 1 || signal.aborted || !this.#mayAsk()) {
      this.counts.skipped++;
      return null;
    }
    this.counts.asked++;
    const end = new AbortController();
    let answer: ClassifyAnswer | Promise<ClassifyAnswer>;
    try {
      answer = this.#classify(question(), { signal: end.signal });
    } catch {
      return this.#failed("failed");
    }
    if (!isPromise(answer)) return this.#read(answer);
    return this.#wait(answer, { withinMs, signal, end });
  }

  #mayAsk(): boolean {
    const { clock, closing, mostAtOnce } = this.#options;
    if (closing.aborted || clock.now() < this.#restsUntil) return false;
    return this.#open < (this.#isDoubtful ? 1 : mostAtOnce);
  }

  get #isDoubtful(): boolean {
    return this.#failuresInARow >= FAILURES_UNTIL_REST;
  }

  /** What ignores its signal keeps its place among the open ones until it ends: that is what bounds them. */
  #wait(
    answer: Promise<ClassifyAnswer>,
    { withinMs, signal, end }: { withinMs: number; signal: AbortSignal; end: AbortController },
  ): Promise<Decision> {
    const { clock, closing } = this.#options;
    this.#open++;
    return new Promise((resolve) => {
      let stopTimer: CancelTimer = () => {};
      let isOver = false;
      const finish = (decide: () => Decision) => {
        if (isOver) return;
        isOver = true;
        stopTimer();
        signal.removeEventListener("abort", giveUp);
        closing.removeEventListener("abort", giveUp);
        resolve(decide());
        end.abort();
      };
      const giveUp = () => finish(() => null);
      signal.addEventListener("abort", giveUp, { once: true });
      closing.addEventListener("abort", giveUp, { once: true });
      const lateAt = clock.now() + withinMs * MICROS_PER_MS;
      stopTimer = clock.schedule(lateAt, () => finish(() => this.#failed("late")));
      answer.then(
        (told) => {
          this.#open--;
          finish(() => this.#read(told));
        },
        () => {
          this.#open--;
          finish(() => this.#failed("failed"));
        },
      );
    });
  }

  #read(answer: ClassifyAnswer): Decision {
    if (typeof answer !== "boolean" && answer !== null && answer !== undefined) {
      return this.#failed("failed");
    }
    this.counts.answered++;
    if (answer === true) this.counts.suits++;
    this.#failuresInARow = 0;
    return answer ?? null;
  }

  #failed(how: "failed" | "late"): null {
    this.counts[how]++;
    this.#failuresInARow++;
    if (this.#isDoubtful) this.#restsUntil = this.#options.clock.now() + REST_MICROS;
    return null;
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value;
}
