/** Finds the text of an OpenAI request that its provider counts: messages, instructions, input, prompt and tools. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject, jsonText } from "../body/json-fields.ts";

export interface RequestText {
  /** What the estimate by characters counts. */
  readonly texts: string[];
  /** What is sent and used too, but not counted by characters: arguments of earlier tool calls. */
  readonly callTexts: string[];
  messages: number;
  images: number;
  /** Input that came as token ids. */
  tokenIds: number;
}

export function requestText(body: JsonObject): RequestText {
  const found: RequestText = { texts: [], callTexts: [], messages: 0, images: 0, tokenIds: 0 };
  addInput(body["messages"], found);
  addInput(body["instructions"], found);
  addInput(body["input"], found);
  addInput(body["prompt"], found);
  addText(jsonText(body["tools"]), found);
  addText(jsonText(body["functions"]), found);
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
  found.messages++;
  addContent(message["content"], found);
  // Items of the Responses API: a tool's output, a reasoning summary.
  addContent(message["output"], found);
  if (typeof message["text"] === "string") addText(message["text"], found);
  if (typeof message["arguments"] === "string") found.callTexts.push(message["arguments"]);
  const calls = message["tool_calls"];
  if (Array.isArray(calls)) found.callTexts.push(jsonText(calls));
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
  else if (part["type"] === "image_url" || part["type"] === "input_image") found.images++;
}

function addTokenIds(ids: readonly unknown[], found: RequestText): void {
  for (const id of ids) if (typeof id === "number") found.tokenIds++;
}

function addText(text: string, found: RequestText): void {
  if (text !== "") found.texts.push(text);
}
