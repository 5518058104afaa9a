/** Finds the text of an OpenAI request that its provider counts: messages, instructions, input, prompt and tools. */
import type { JsonObject } from "../../core/dialect.ts";
import { imageSizeInUrl } from "../body/image-size.ts";
import { isObject, jsonText, textIn } from "../body/json-fields.ts";
import { openAiImageTokens } from "./image-tokens.ts";
import { toolText } from "./tool-text.ts";

/** OpenAI cookbook, "How to count tokens": 3 a message and 1 for its role; 3 open the answer. */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_NAME = 1;
const TOKENS_OF_OPENING = 3;
/** An earlier call is a line of its own, with the name of its tool marked. */
const TOKENS_PER_CALL = 4;

export interface RequestText {
  readonly model: string | null;
  /** What the model reads, as far as it is text. */
  readonly texts: string[];
  /** What the estimate by characters counts. */
  characters: number;
  /** Around messages and tools. */
  frameTokens: number;
  imageTokens: number;
  /** Input that came as token ids. */
  tokenIds: number;
}

export function requestText(body: JsonObject, model: string | null): RequestText {
  const found: RequestText = {
    model,
    texts: [],
    characters: 0,
    frameTokens: 0,
    imageTokens: 0,
    tokenIds: 0,
  };
  addInput(body["messages"], found);
  addInput(body["instructions"], found);
  addInput(body["input"], found);
  addInput(body["prompt"], found);
  if (found.frameTokens > 0) found.frameTokens += TOKENS_OF_OPENING;
  addTools(body["tools"], found);
  addTools(body["functions"], found);
  return found;
}

/** A text, a list of messages or items, a list of texts, or token ids (plain or in lists). */
function addInput(input: unknown, found: RequestText): void {
  if (typeof input === "string") addText(input, found);
  if (!Array.isArray(input)) return;
  for (const one of input) {
    if (typeof one === "string") addText(one, found);
    else if (typeof one === "number") found.tokenIds++;
    else if (Array.isArray(one)) addTokenIds(one, found);
    else if (isObject(one)) addMessage(one, found);
  }
}

function addMessage(message: JsonObject, found: RequestText): void {
  found.frameTokens += TOKENS_PER_MESSAGE;
  addContent(message["content"], found);
  // Items of the Responses API: a tool's output, a reasoning summary.
  addContent(message["output"], found);
  if (typeof message["text"] === "string") addText(message["text"], found);
  const name = textIn(message["name"]);
  if (name !== null) {
    found.texts.push(name);
    found.frameTokens += TOKENS_PER_NAME;
  }
  addCalls(message, found);
}

/** Earlier calls of tools are read by the model, but their characters are not counted. */
function addCalls(message: JsonObject, found: RequestText): void {
  if (typeof message["arguments"] === "string") found.texts.push(message["arguments"]);
  const calls = message["tool_calls"];
  if (!Array.isArray(calls)) return;
  for (const call of calls) if (isObject(call)) addCall(call["function"], found);
}

function addCall(called: unknown, found: RequestText): void {
  if (!isObject(called)) return;
  found.frameTokens += TOKENS_PER_CALL;
  found.texts.push(textIn(called["name"]) ?? "", textIn(called["arguments"]) ?? "");
}

/** By characters the JSON counts; the model reads less. */
function addTools(tools: unknown, found: RequestText): void {
  if (tools === undefined || tools === null) return;
  const { texts, frameTokens } = toolText(tools);
  for (const text of texts) found.texts.push(text);
  found.frameTokens += frameTokens;
  found.characters += jsonText(tools).length;
}

function addContent(content: unknown, found: RequestText): void {
  if (typeof content === "string") addText(content, found);
  if (!Array.isArray(content)) return;
  for (const part of content) {
    if (typeof part === "string") addText(part, found);
    else if (isObject(part)) addPart(part, found);
  }
}

function addPart(part: JsonObject, found: RequestText): void {
  if (typeof part["text"] === "string") addText(part["text"], found);
  else if (part["type"] === "image_url" || part["type"] === "input_image") addImage(part, found);
}

/** Chat: an object with address and detail; responses: both in the part itself. */
function addImage(part: JsonObject, found: RequestText): void {
  const image = isObject(part["image_url"]) ? part["image_url"] : part;
  const url = textIn(image["url"]) ?? textIn(image["image_url"]) ?? "";
  found.imageTokens += openAiImageTokens(found.model, imageSizeInUrl(url), image["detail"]);
}

function addTokenIds(ids: readonly unknown[], found: RequestText): void {
  for (const id of ids) if (typeof id === "number") found.tokenIds++;
}

function addText(text: string, found: RequestText): void {
  found.characters += text.length;
  if (text !== "") found.texts.push(text);
}
