/** OpenAI's embeddings: reads the request and writes vectors, the same one for the same text. */
import {
  type Answer,
  type AnswerWriter,
  type Body,
  type Call,
  isBody,
  wholeOnly,
} from "../../answer/call.ts";
import { charactersIn } from "../../answer/count-characters.ts";
import { tokensIn } from "../../answer/text.ts";
import { type BadRequest, badRequest, jsonReply } from "../../failure.ts";
import { missing, requireModel } from "./read-fields.ts";
import { embeddingJson } from "./vectors.ts";

const DEFAULT_DIMENSIONS = 1_536;
const MAX_DIMENSIONS = 4_096;
/** OpenAI's documented bound for the length of `input`. */
const MAX_INPUTS = 2_048;

/** Counts the text of `input`; an array of token numbers counts as it is. */
export function readEmbeddings(body: Body): Call | BadRequest {
  const model = requireModel(body);
  if (typeof model !== "string") return model;
  const inputs = readInputs(body.input);
  if (!Array.isArray(inputs)) return inputs;
  const dimensions = body.dimensions ?? DEFAULT_DIMENSIONS;
  if (!isDimensions(dimensions)) {
    const expected = `Invalid value for 'dimensions': expected an integer from 1 to ${MAX_DIMENSIONS}.`;
    return badRequest(expected, "dimensions", "invalid_value");
  }
  return {
    kind: "call",
    model,
    isStream: false,
    inputTokens: countTokens(inputs),
    maxOutputTokens: null,
    hasOutput: false,
    tool: null,
    cost: null,
    writer: (answer) =>
      embeddingsWriter(answer, inputs, dimensions, body.encoding_format === "base64"),
  };
}

/** One entry for each vector to answer with, or what is wrong. */
function readInputs(input: unknown): unknown[] | BadRequest {
  if (input === undefined || input === null || input === "") return missing("input");
  const isOne = typeof input === "string" || (Array.isArray(input) && typeof input[0] === "number");
  const inputs = isOne ? [input] : input;
  if (Array.isArray(inputs) && inputs.length > 0 && inputs.length <= MAX_INPUTS) return inputs;
  const expected = `Invalid 'input': expected a string or an array of 1 to ${MAX_INPUTS} inputs.`;
  return badRequest(expected, "input", "invalid_type");
}

function isDimensions(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_DIMENSIONS;
}

function countTokens(inputs: readonly unknown[]): number {
  let characters = 0;
  let tokens = 0;
  for (const input of inputs) {
    if (Array.isArray(input)) tokens += input.length;
    else if (!isBody(input)) characters += charactersIn(input);
  }
  return tokens + tokensIn(characters);
}

function embeddingsWriter(
  answer: Answer,
  inputs: readonly unknown[],
  dimensions: number,
  isBase64: boolean,
): AnswerWriter {
  const vector = (input: unknown, index: number) => {
    const key = typeof input === "string" ? input : JSON.stringify(input);
    return `{"object":"embedding","index":${index},"embedding":${embeddingJson(key, dimensions, isBase64)}}`;
  };
  const usage = { prompt_tokens: answer.inputTokens, total_tokens: answer.inputTokens };
  const tail = JSON.stringify({ model: answer.model, usage }).slice(1);
  return wholeOnly(() =>
    jsonReply(200, `{"object":"list","data":[${inputs.map(vector).join(",")}],${tail}`),
  );
}
