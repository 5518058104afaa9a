/** Reads OpenAI's streams: chunks of chat and text completions, and the typed events of the Responses API. */
import type { Usage } from "../../core/demand.ts";
import type { JsonObject, StreamEvent, StreamReader } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { isObject, parseJson, textIn } from "../body/json-fields.ts";
import { openAiUsage } from "./usage.ts";

const BOOKKEEPING: StreamEvent = Object.freeze({ kind: "bookkeeping" });
const END: StreamEvent = Object.freeze({ kind: "end" });

/** A chat delta's fields that carry what was generated; the role alone carries nothing. */
const DELTA_TEXTS = ["content", "refusal", "reasoning_content", "reasoning"];
const DELTA_CALLS = ["tool_calls", "function_call", "audio"];
/** Items of a response that begin empty and are filled by deltas; any other item is itself something. */
const EMPTY_AT_FIRST = new Set(["message", "reasoning"]);
/** The end of a part repeats what its deltas have brought. */
const REPEATS = /\.(?:done|delta\.done)$/;

/** `readUsage`: of a `usage` object, where a provider tells it in a way of its own. */
export function createOpenAiStreamReader(
  readError: (error: unknown) => Verdict,
  readUsage = openAiUsage,
): StreamReader {
  return new OpenAiStreamReader(readError, readUsage);
}

class OpenAiStreamReader implements StreamReader {
  private readonly readError: (error: unknown) => Verdict;
  private readonly readUsage: typeof openAiUsage;
  private told: Usage | null = null;

  constructor(readError: (error: unknown) => Verdict, readUsage: typeof openAiUsage) {
    this.readError = readError;
    this.readUsage = readUsage;
  }

  usage(): Usage | null {
    return this.told;
  }

  read(event: string, data: string): StreamEvent {
    if (data === "[DONE]") return END;
    if (data === "") return BOOKKEEPING;
    const json = parseJson(data);
    if (!isObject(json))
      return event === "error" ? this.error(json ?? data) : contentOf(data.length);
    const type = textIn(json["type"]) ?? event;
    if (type === "error" || event === "error")
      return this.error(isErrorValue(json["error"]) ? json["error"] : json);
    if (isErrorValue(json["error"])) return this.error(json["error"]);
    if (type.startsWith("response.")) return this.readTyped(type, json);
    return this.readChunk(json);
  }

  private error(error: unknown): StreamEvent {
    return { kind: "error", verdict: this.readError(error) };
  }

  private note(usage: unknown): void {
    this.told = this.readUsage(usage) ?? this.told;
  }

  private readChunk(chunk: JsonObject): StreamEvent {
    this.note(chunk["usage"]);
    if (isFailure(chunk["base_resp"])) return this.error(chunk);
    const choices = chunk["choices"];
    if (!Array.isArray(choices)) return BOOKKEEPING;
    let length = 0;
    let carries = false;
    for (const choice of choices) {
      if (!isObject(choice)) continue;
      if (choice["finish_reason"] === "error") return this.error(chunk);
      const generated = generatedBy(choice);
      if (generated === null) continue;
      carries = true;
      length += generated;
    }
    return carries ? contentOf(length) : BOOKKEEPING;
  }

  private readTyped(type: string, event: JsonObject): StreamEvent {
    const response = isObject(event["response"]) ? event["response"] : null;
    this.note(response?.["usage"]);
    if (type === "response.completed" || type === "response.incomplete") return END;
    if (type === "response.failed") return this.error(response?.["error"] ?? response ?? event);
    if (type.endsWith(".delta")) return contentOf(textLengthOf(event["delta"]));
    if (REPEATS.test(type))
      return type === "response.content_part.done" ? BOOKKEEPING : contentOf(0);
    if (type === "response.output_item.added") return addedItem(event["item"]);
    return type.endsWith(".partial_image") ? contentOf(0) : BOOKKEEPING;
  }
}

function addedItem(item: unknown): StreamEvent {
  const isEmpty = !isObject(item) || EMPTY_AT_FIRST.has(textIn(item["type"]) ?? "message");
  return isEmpty ? BOOKKEEPING : contentOf(0);
}

/** Characters that a choice brings; null if it brings nothing a user would miss. */
function generatedBy(choice: JsonObject): number | null {
  const text = textIn(choice["text"]);
  if (text !== null) return text.length;
  const delta = isObject(choice["delta"]) ? choice["delta"] : choice["message"];
  if (!isObject(delta)) return null;
  let length = 0;
  for (const field of DELTA_TEXTS) length += textLengthOf(delta[field]);
  const calls = DELTA_CALLS.map((field) => delta[field]).filter(
    (call) => call !== undefined && call !== null,
  );
  for (const call of calls) length += argumentsLength(call);
  return length > 0 || calls.length > 0 ? length : null;
}

function argumentsLength(call: unknown): number {
  if (Array.isArray(call)) return call.reduce<number>((sum, one) => sum + argumentsLength(one), 0);
  if (!isObject(call)) return 0;
  return isObject(call["function"])
    ? argumentsLength(call["function"])
    : textLengthOf(call["arguments"]);
}

/** Of a text, or of a list of parts that hold some, as Mistral's models that think give. */
function textLengthOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (!Array.isArray(value)) return 0;
  return value.reduce<number>((sum, part) => sum + (isObject(part) ? partLength(part) : 0), 0);
}

function partLength({ text, thinking }: JsonObject): number {
  return textLengthOf(text) + textLengthOf(thinking);
}

function contentOf(textLength: number): StreamEvent {
  return { kind: "content", textLength };
}

/** MiniMax ends a stream that failed with a piece of which only this tells. */
function isFailure(base: unknown): boolean {
  return isObject(base) && typeof base["status_code"] === "number" && base["status_code"] !== 0;
}

function isErrorValue(error: unknown): boolean {
  return isObject(error) || textIn(error) !== null;
}
