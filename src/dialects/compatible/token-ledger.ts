/** Token ledger: how a provider with OpenAI's API counts tokens, before a call and in the end. */
import { type Demand, demandOf } from "../../core/demand.ts";
import type { CallEnd, Forecast, JsonObject, Operation } from "../../core/dialect.ts";
import { countIn, MOST_TOKENS } from "../body/json-fields.ts";
import { openAiForecast } from "../openai/forecast.ts";
import { settleAsTaken, settleByUsage, wholeInput, withoutCached } from "../settlement.ts";

export interface TokenLedger {
  /** Of the output: `most` takes max_tokens before sending; `predicted` what will probably be generated. */
  readonly output: "most" | "predicted";
  /** What is taken where the request sets no max_tokens; absent: what will probably be generated. */
  readonly outputDefault?: number;
  /** The most output that is taken; absent: no bound. */
  readonly outputMost?: number;
  /** What counts in the end: what was taken, what was used, or that without what came from the cache. */
  readonly counted: "taken" | "used" | "used-uncached";
}

/** Providers whose way of counting nobody has published: real usage, foreseen. */
export const BY_USAGE: TokenLedger = { output: "predicted", counted: "used" };

/** Charged above the expected input: too little is a 429, too much is given back with the answer. */
const SAFETY = 1.1;
const MOST_FIELDS = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

/** The request's text is counted as for OpenAI; only what the provider takes of it differs. */
export function ledgerForecast(
  ledger: TokenLedger,
  body: JsonObject | null,
  operation: Operation,
  guess?: number,
): Forecast {
  const forecast = openAiForecast(body, operation, guess);
  if (operation.kind === "other" || body === null) return forecast;
  const { expected } = forecast;
  const inputTokens = Math.min(Math.ceil(expected.inputTokens * SAFETY), MOST_TOKENS);
  const outputTokens = operation.kind === "embed" ? 0 : outputOf(ledger, body, forecast);
  const tokens = inputTokens + outputTokens;
  return { charged: demandOf({ requests: 1, tokens, inputTokens, outputTokens }), expected };
}

function outputOf(ledger: TokenLedger, body: JsonObject, forecast: Forecast): number {
  const predicted = forecast.expected.outputTokens;
  if (ledger.output === "predicted") return predicted;
  const isBounded = MOST_FIELDS.some((field) => countIn(body[field]) !== null);
  // With a bound, OpenAI's own charge is that bound, for all choices together.
  const taken = isBounded ? forecast.charged.outputTokens : (ledger.outputDefault ?? predicted);
  return Math.min(taken, ledger.outputMost ?? MOST_TOKENS);
}

export function settleLedger(ledger: TokenLedger, forecast: Forecast, end: CallEnd): Demand {
  if (ledger.counted === "taken") return settleAsTaken(forecast, end);
  const inputOf = ledger.counted === "used" ? wholeInput : withoutCached;
  return settleByUsage(forecast, end, inputOf);
}
