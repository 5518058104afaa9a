/** What OpenAI will charge a call at admission: the larger of max_tokens and the estimate by characters. */

import { demandOf } from "../../core/demand.ts";
import type { Forecast, JsonObject, Operation } from "../../core/dialect.ts";
import type { CorrectInput } from "../../core/input-estimate.ts";
import { uncorrected } from "../../tokens/input-calibration.ts";
import { estimateInput } from "../../tokens/input-counter.ts";
import { characterEstimate } from "../../tokens/rough-tokens.ts";
import { countIn, MOST_TOKENS } from "../body/json-fields.ts";
import { predictedOutput } from "../body/predicted-output.ts";
import { requestOnly } from "../body/request-only.ts";
import { type RequestText, requestText } from "./request-text.ts";

/** The API allows no more choices. */
const MOST_CHOICES = 128;

export function openAiForecast(
  body: JsonObject | null,
  operation: Operation,
  guess?: number,
  correctInput: CorrectInput = uncorrected,
): Forecast {
  if (operation.kind === "other" || body === null) return requestOnly();
  const found = requestText(body, operation.model);
  const inputTokens = realInput(found, correctInput);
  const estimate = bounded(characterEstimate(found.characters) + found.tokenIds);
  if (operation.kind === "embed") return forecastOf(estimate, inputTokens, 0, 0);
  const choices = choicesOf(body);
  const most = mostOutput(body);
  const output = bounded(predictedOutput(most, guess) * choices);
  const reserved = most === null ? 0 : bounded(most * choices);
  return forecastOf(Math.max(reserved, estimate), inputTokens, reserved || output, output);
}

function forecastOf(
  tokens: number,
  inputTokens: number,
  reserved: number,
  output: number,
): Forecast {
  return {
    charged: demandOf({ requests: 1, tokens, inputTokens, outputTokens: reserved }),
    expected: { inputTokens, outputTokens: output, cachedInputTokens: 0 },
  };
}

/** The most that each choice may generate, under the three names it has had; null if the request sets none. */
function mostOutput(body: JsonObject): number | null {
  const most = Math.max(
    countIn(body["max_tokens"]) ?? 0,
    countIn(body["max_completion_tokens"]) ?? 0,
    countIn(body["max_output_tokens"]) ?? 0,
  );
  return most === 0 ? null : most;
}

/** `best_of` generates on the server what is never sent; Azure counts it by name. */
function choicesOf(body: JsonObject): number {
  return Math.max(
    countIn(body["n"], MOST_CHOICES) ?? 1,
    countIn(body["best_of"], MOST_CHOICES) ?? 1,
  );
}

function realInput(found: RequestText, correct: CorrectInput): number {
  return bounded(correct(estimateInput(found.model, found)).expected + found.tokenIds);
}

function bounded(tokens: number): number {
  return Math.min(tokens, MOST_TOKENS);
}
