/** What Gemini will count of a call: its text, and a flat amount for what is not text. */
import { demandOf } from "../../core/demand.ts";
import type { Forecast, JsonObject, Operation } from "../../core/dialect.ts";
import type { CorrectInput } from "../../core/input-estimate.ts";
import { uncorrected } from "../../tokens/input-calibration.ts";
import { estimateInput, type InputContent } from "../../tokens/input-counter.ts";
import { countIn, isObject, jsonText, MOST_TOKENS } from "../body/json-fields.ts";
import { predictedOutput } from "../body/predicted-output.ts";
import { requestOnly } from "../body/request-only.ts";

/** ai.google.dev, Understand and count tokens: an image of up to 384 x 384 pixels, or a tile of a larger one. */
const TOKENS_PER_PIECE = 258;
const MOST_REQUESTS = 1_000;

interface Found {
  readonly texts: string[];
  pieces: number;
}

/** `tokens` is the input alone: that is what Gemini's tokens per minute count. */
export function geminiForecast(
  body: JsonObject | null,
  operation: Operation,
  guess?: number,
  correctInput: CorrectInput = uncorrected,
): Forecast {
  if (operation.kind === "other" || body === null) return requestOnly();
  const input = correctInput(estimateInput(operation.model, inputOf(body)));
  const inputTokens = Math.min(input.expected, MOST_TOKENS);
  const config = body["generationConfig"] ?? body["generation_config"];
  const most = isObject(config) ? countIn(config["maxOutputTokens"]) : null;
  const outputTokens = operation.kind === "embed" ? 0 : predictedOutput(most, guess);
  const charged = Math.min(input.reserved, MOST_TOKENS);
  return {
    charged: demandOf({ requests: 1, tokens: charged, inputTokens: charged, outputTokens }),
    expected: { inputTokens, outputTokens, cachedInputTokens: 0 },
  };
}

function inputOf(body: JsonObject): InputContent {
  const found: Found = { texts: [], pieces: 0 };
  addContents(body["systemInstruction"] ?? body["system_instruction"], found);
  addContents(body["contents"], found);
  addContents(body["content"], found);
  const requests = Array.isArray(body["requests"]) ? body["requests"] : [];
  for (const one of requests.slice(0, MOST_REQUESTS)) {
    if (isObject(one)) addContents(one["content"], found);
  }
  // Vertex's older models take `instances` instead of contents.
  found.texts.push(jsonText(body["tools"]), jsonText(body["instances"]));
  return { texts: found.texts, frameTokens: 0, imageTokens: found.pieces * TOKENS_PER_PIECE };
}

function addContents(contents: unknown, found: Found): void {
  for (const content of Array.isArray(contents) ? contents : [contents]) {
    if (typeof content === "string") found.texts.push(content);
    if (!isObject(content)) continue;
    const parts = content["parts"];
    for (const part of Array.isArray(parts) ? parts : [parts]) addPart(part, found);
  }
}

function addPart(part: unknown, found: Found): void {
  if (!isObject(part)) return;
  const { text } = part;
  if (typeof text === "string") found.texts.push(text);
  else if (part["functionCall"] !== undefined || part["functionResponse"] !== undefined) {
    found.texts.push(jsonText(part));
  } else found.pieces++;
}
