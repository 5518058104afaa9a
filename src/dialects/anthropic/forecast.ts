/** What Anthropic will count of a call: its input, estimated on the safe side, and the output as it is produced. */
import { demandOf } from "../../core/demand.ts";
import type { Forecast, JsonObject, Operation } from "../../core/dialect.ts";
import { tokenCounterFor } from "../../tokens/counter.ts";
import { countIn, isObject, jsonText, MOST_TOKENS, textIn } from "../body/json-fields.ts";
import { predictedOutput } from "../body/predicted-output.ts";
import { requestOnly } from "../body/request-only.ts";

/** Anthropic, Vision: tokens = width x height / 750, at most about 1,600; the size is not in the request. */
const TOKENS_PER_IMAGE = 1_600;
/** Anthropic, PDF support: 1,500 to 3,000 tokens a page; about 100 kB of base64 make a page. */
const TOKENS_PER_PAGE = 3_000;
const CHARACTERS_PER_PAGE = 100_000;
/** Anthropic, Tool use: the system prompt that tools bring along, for `tool_choice: auto`. */
const TOKENS_OF_TOOL_USE = 346;
const TOKENS_PER_MESSAGE = 4;
/** Charged above the expectation: too little is a 429, too much is given back within seconds. */
const SAFETY = 1.1;
/** Tool results hold blocks that hold blocks; deeper is no valid request. */
const DEEPEST = 6;

interface InputText {
  readonly texts: string[];
  /** Tokens of what is not text. */
  tokens: number;
}

export function anthropicForecast(
  body: JsonObject | null,
  operation: Operation,
  guess?: number,
): Forecast {
  if (operation.kind === "other" || body === null) return requestOnly();
  const inputTokens = inputOf(body, operation.model);
  const most = countIn(body["max_tokens"]) ?? countIn(body["max_tokens_to_sample"]);
  const outputTokens = predictedOutput(most, guess);
  const charged = Math.min(Math.ceil(inputTokens * SAFETY), MOST_TOKENS);
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

function inputOf(body: JsonObject, model: string | null): number {
  const found: InputText = { texts: [], tokens: 0 };
  addContent(body["system"], found, 0);
  addContent(body["prompt"], found, 0);
  if (Array.isArray(body["messages"])) {
    for (const message of body["messages"]) {
      if (isObject(message)) addContent(message["content"], found, 0);
    }
    found.tokens += body["messages"].length * TOKENS_PER_MESSAGE;
  }
  const tools = jsonText(body["tools"]);
  if (tools.length > 2) found.tokens += TOKENS_OF_TOOL_USE;
  found.texts.push(tools);
  return Math.min(tokenCounterFor(model)(found.texts) + found.tokens, MOST_TOKENS);
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
      found.tokens += TOKENS_PER_IMAGE;
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
  else found.tokens += TOKENS_PER_PAGE * Math.ceil((data?.length || 1) / CHARACTERS_PER_PAGE);
}
