/** Input forecast: estimates of input corrected by the usage that calls before have reported. */
import type { CallEnd } from "../../core/dialect.ts";
import type { CorrectInput, InputEstimate } from "../../core/input-estimate.ts";
import { InputCalibration } from "../../tokens/input-calibration.ts";
import { IMAGES } from "../../tokens/text-kind.ts";

/** One call's input: corrected before it is sent, learned from once it has ended. */
export class InputQuestion {
  readonly #calibration: InputCalibration;
  readonly #model: string;
  /** Null: the call has no input that counts. */
  #estimate: InputEstimate | null = null;

  constructor(calibration: InputCalibration, model: string) {
    this.#calibration = calibration;
    this.#model = model;
  }

  readonly correct: CorrectInput = (estimate) => {
    this.#estimate = estimate;
    return this.#calibration.correct(this.#model, estimate);
  };

  /** Only what was answered well tells all that was read; of text counted exactly there is nothing to learn. */
  learn(end: CallEnd): void {
    if (
      this.#estimate === null ||
      isCertain(this.#estimate) ||
      end.kind !== "answered" ||
      end.verdict.class !== "ok"
    )
      return;
    const { usage } = end;
    if (usage !== null) this.#calibration.learn(this.#model, this.#estimate, usage.inputTokens);
  }
}

function isCertain({ isExact, tokens }: InputEstimate): boolean {
  return isExact && tokens[IMAGES] === 0;
}

export class InputForecast {
  readonly #calibration = new InputCalibration();

  /** The same model may count otherwise at another upstream. */
  ask(upstream: string, model: string): InputQuestion {
    return new InputQuestion(this.#calibration, `${upstream}\0${model}`);
  }
}
