/** What Anthropic will count of a call: its input, estimated on the safe side, and the output as it is produced. */
import { demandOf } from "../../core/demand.ts";
import type { Forecast, JsonObject, Operation } from "../../core/dialect.ts";
import type { CorrectedInput, CorrectInput } from "../../core/input-estimate.ts";
import { uncorrected } from "../../tokens/input-calibration.ts";
import { estimateInput } from "../../tokens/input-counter.ts";
import { type ImageSize, imageSize } from "../body/image-size.ts";
import { countIn, isObject, jsonText, MOST_TOKENS, textIn } from "../body/json-fields.ts";
import { predictedOutput } from "../body/predicted-output.ts";
import { requestOnly } from "../body/request-only.ts";

/** Anthropic, Vision: tokens = width x height / 750, after it was fitted to 1,568 pixels and about 1,600 tokens. */
const PIXELS_PER_TOKEN = 750;
const LONGEST_SIDE = 1_568;
const MOST_TOKENS_PER_IMAGE = 1_600;
/** Anthropic, PDF support: 1,500 to 3,000 tokens a page; about 100 kB of base64 make a page. */
const TOKENS_PER_PAGE = 3_000;
const CHARACTERS_PER_PAGE = 100_000;
/** Anthropic, Tool use: the system prompt that tools bring along, for `tool_choice: auto`. */
const TOKENS_OF_TOOL_USE = 346;
const TOKENS_PER_MESSAGE = 4;
/** Tool results hold blocks that hold blocks; deeper is no valid request. */
const DEEPEST = 6;

interface InputText {
  readonly texts: string[];
  /** Around messages and tools. */
  frameTokens: number;
  /** Of images and documents. */
  imageTokens: number;
}

export function anthropicForecast(
  body: JsonObject | null,
  operation: Operation,
  guess?: number,
  correctInput: CorrectInput = uncorrected,
): Forecast {
  if (operation.kind === "other" || body === null) return requestOnly();
  const input = correctInput(estimateInput(operation.model, inputOf(body)));
  const { expected: inputTokens, reserved: charged } = bounded(input);
  const most = countIn(body["max_tokens"]) ?? countIn(body["max_tokens_to_sample"]);
  const outputTokens = predictedOutput(most, guess);
  return {
    charged: demandOf({
      requests: 1,
      tokens: charged + outputTokens,
      inputTokens: charged,
      outputTokens,
    }),
    expected: { inputTokens, outputTokens, cachedInputTokens: 0 },
  };
}

/** Too little is a 429, too much is given back within seconds: what is reserved is charged. */
function bounded({ expected, reserved }: CorrectedInput): CorrectedInput {
  return {
    expected: Math.min(expected, MOST_TOKENS),
    reserved: Math.min(reserved, MOST_TOKENS),
  };
}

function inputOf(body: JsonObject): InputText {
  const found: InputText = { texts: [], frameTokens: 0, imageTokens: 0 };
  addContent(body["system"], found, 0);
  addContent(body["prompt"], found, 0);
  if (Array.isArray(body["messages"])) {
    for (const message of body["messages"]) {
      if (isObject(message)) addContent(message["content"], found, 0);
    }
    found.frameTokens += body["messages"].length * TOKENS_PER_MESSAGE;
  }
  const tools = jsonText(body["tools"]);
  if (tools.length > 2) found.frameTokens += TOKENS_OF_TOOL_USE;
  found.texts.push(tools);
  return found;
}

function addContent(content: unknown, found: InputText, depth: number): void {
  if (typeof content === "string") found.texts.push(content);
  else if (Array.isArray(content) && depth < DEEPEST) {
    for (const block of content) if (isObject(block)) addBlock(block, found, depth + 1);
  }
}

function addBlock(block: JsonObject, found: InputText, depth: number): void {
  switch (block["type"]) {
    case "image":
      found.imageTokens += imageTokens(sizeOf(block["source"]));
      return;
    case "document":
      addDocument(block["source"], found, depth);
      return;
    case "tool_use":
    case "server_tool_use":
      found.texts.push(jsonText(block["input"]));
      return;
    case "thinking":
    case "redacted_thinking":
      // Thinking of earlier turns is dropped by the provider.
      return;
    default:
      if (typeof block["text"] === "string") found.texts.push(block["text"]);
      addContent(block["content"], found, depth);
  }
}

function addDocument(source: unknown, found: InputText, depth: number): void {
  if (!isObject(source)) return;
  const data = textIn(source["data"]);
  if (source["type"] === "content") addContent(source["content"], found, depth);
  else if (source["type"] === "text" && data !== null) found.texts.push(data);
  else found.imageTokens += TOKENS_PER_PAGE * Math.ceil((data?.length || 1) / CHARACTERS_PER_PAGE);
}

/** What has to be fetched, or is not known, is taken for the largest. */
function sizeOf(source: unknown): ImageSize | null {
  const data = isObject(source) ? textIn(source["data"]) : null;
  return data === null ? null : imageSize(data);
}

function imageTokens(size: ImageSize | null): number {
  if (size === null) return MOST_TOKENS_PER_IMAGE;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(size.width, size.height));
  const pixels = size.width * size.height * scale * scale;
  return Math.min(Math.ceil(pixels / PIXELS_PER_TOKEN), MOST_TOKENS_PER_IMAGE);
}
