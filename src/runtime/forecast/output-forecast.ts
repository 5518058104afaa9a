/** Output forecast: a dialect's forecast, with the output that calls like this one have had. */
import type { Demand } from "../../core/demand.ts";
import type { CallEnd, Dialect, Forecast, Operation, RequestView } from "../../core/dialect.ts";
import type { CorrectInput } from "../../core/input-estimate.ts";
import { type Meter, MICRO_UNITS } from "../../core/meter/meter.ts";
import { DEFAULT_OUTPUT_TOKENS } from "../../dialects/body/predicted-output.ts";
import { type OutputKind, OutputPredictor } from "../../tokens/output-predictor.ts";

export interface ForecastQuestion {
  readonly dialect: Dialect;
  readonly request: RequestView;
  readonly operation: Operation;
  readonly kind: OutputKind;
  /** What the request will have to fit in. */
  readonly meters: readonly Meter[];
  readonly correctInput: CorrectInput;
}

export class OutputForecast {
  readonly #predictor = new OutputPredictor();

  forecast({
    dialect,
    request,
    operation,
    kind,
    meters,
    correctInput,
  }: ForecastQuestion): Forecast {
    const forecastWith = (output?: number) =>
      dialect.forecast(request, operation, output, correctInput);
    if (operation.kind !== "generate" || isBounded(dialect, request)) return forecastWith();
    const prediction = this.#predictor.predict(kind);
    const guess = prediction?.reserved ?? DEFAULT_OUTPUT_TOKENS;
    const forecast = forecastWith(guess);
    const fitting = fittingGuess(guess, forecast.charged, meters);
    const fitted = fitting === guess ? forecast : forecastWith(fitting);
    return prediction === null ? fitted : expecting(fitted, prediction.mean);
  }

  /** Can an answer teach anything? */
  learnsFrom({
    dialect,
    request,
    operation,
  }: Omit<ForecastQuestion, "kind" | "meters" | "correctInput">): boolean {
    return operation.kind === "generate" && !isBounded(dialect, request);
  }

  /** Only whole answers tell how long they wanted to be. */
  learn(kind: OutputKind, { charged }: Forecast, end: CallEnd): void {
    if (end.kind !== "answered" || end.verdict.class !== "ok" || charged.outputTokens === 0) return;
    const { usage } = end;
    if (usage !== null) this.#predictor.learn(kind, usage.outputTokens, charged.outputTokens);
  }
}

/** The client says how much may be generated, and exactly that is charged: nothing has to be foreseen. */
function isBounded({ chargesReservedOutput }: Dialect, { body }: RequestView): boolean {
  return (
    chargesReservedOutput === true &&
    body !== null &&
    BOUNDS.some((name) => typeof body[name] === "number")
  );
}

const BOUNDS = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

/**
 * A guess alone must not make a request larger than a limit; what the client itself has allowed
 * may. Below the guess it is the client's own bound that was taken.
 */
function fittingGuess(guess: number, charged: Demand, meters: readonly Meter[]): number {
  const { outputTokens } = charged;
  const room = outputRoom(charged, meters);
  if (outputTokens <= room || outputTokens < guess || room < 1) return guess;
  return Math.floor((guess * room) / outputTokens);
}

/** The most output that the smallest limit holds. */
function outputRoom({ tokens, outputTokens }: Demand, meters: readonly Meter[]): number {
  let room = Number.POSITIVE_INFINITY;
  for (const { label, capacity } of meters) {
    const most = capacity / MICRO_UNITS;
    if (label.dimension === "output_tokens") room = Math.min(room, most);
    if (label.dimension === "tokens") room = Math.min(room, most - (tokens - outputTokens));
  }
  return room;
}

function expecting(forecast: Forecast, mean: number): Forecast {
  const { expected } = forecast;
  const outputTokens = Math.min(expected.outputTokens, Math.ceil(mean));
  return { ...forecast, expected: { ...expected, outputTokens } };
}
