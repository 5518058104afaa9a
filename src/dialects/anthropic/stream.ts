/** Reads Anthropic's event streams: blocks and their deltas, usage at both ends, errors after 200. */
import type { Usage } from "../../core/demand.ts";
import type { JsonObject, StreamEvent, StreamReader } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { isObject, parseJson, textIn } from "../body/json-fields.ts";
import { anthropicUsage } from "./usage.ts";

const BOOKKEEPING: StreamEvent = Object.freeze({ kind: "bookkeeping" });
const END: StreamEvent = Object.freeze({ kind: "end" });
/** Blocks that begin empty and are filled by deltas; any other block is itself something. */
const EMPTY_AT_FIRST = new Set(["text", "thinking"]);
/** The fields in which deltas bring text. */
const DELTA_TEXTS = ["text", "partial_json", "thinking"];

export function createAnthropicStreamReader(readError: (error: unknown) => Verdict): StreamReader {
  return new AnthropicStreamReader(readError);
}

class AnthropicStreamReader implements StreamReader {
  private readonly readError: (error: unknown) => Verdict;
  private told: Usage | null = null;

  constructor(readError: (error: unknown) => Verdict) {
    this.readError = readError;
  }

  usage(): Usage | null {
    return this.told;
  }

  read(event: string, data: string): StreamEvent {
    if (data === "") return BOOKKEEPING;
    const json = parseJson(data);
    if (!isObject(json)) return event === "error" ? this.error(data) : contentOf(data.length);
    switch (event === "error" ? event : (textIn(json["type"]) ?? event)) {
      case "message_start":
        return this.note(isObject(json["message"]) ? json["message"]["usage"] : null);
      case "message_delta":
        return this.note(json["usage"]);
      case "content_block_start":
        return startedBlock(json["content_block"]);
      case "content_block_delta":
        return isObject(json["delta"]) ? deltaOf(json["delta"]) : BOOKKEEPING;
      case "message_stop":
        return END;
      case "error":
        return this.error(json["error"] ?? json);
      default:
        return isObject(json["error"]) ? this.error(json["error"]) : BOOKKEEPING;
    }
  }

  private error(error: unknown): StreamEvent {
    return { kind: "error", verdict: this.readError(error) };
  }

  private note(usage: unknown): StreamEvent {
    this.told = anthropicUsage(usage, this.told);
    return BOOKKEEPING;
  }
}

function startedBlock(block: unknown): StreamEvent {
  if (!isObject(block)) return BOOKKEEPING;
  const length = deltaLength(block);
  const isEmpty = length === 0 && EMPTY_AT_FIRST.has(textIn(block["type"]) ?? "text");
  return isEmpty ? BOOKKEEPING : contentOf(length);
}

/** An empty piece of text or JSON opens a block; a signature or a citation is something without text. */
function deltaOf(delta: JsonObject): StreamEvent {
  const length = deltaLength(delta);
  const isText = DELTA_TEXTS.some((field) => typeof delta[field] === "string");
  return length === 0 && isText ? BOOKKEEPING : contentOf(length);
}

function deltaLength(delta: JsonObject): number {
  let length = 0;
  for (const field of DELTA_TEXTS) {
    const text = delta[field];
    if (typeof text === "string") length += text.length;
  }
  return length;
}

function contentOf(textLength: number): StreamEvent {
  return { kind: "content", textLength };
}
