/** Reads Bedrock's streams, event by event: the frame's type is the event's name, its payload the data. */
import type { Usage } from "../../core/demand.ts";
import type { JsonObject, StreamEvent, StreamReader } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { createAnthropicStreamReader } from "../anthropic/stream.ts";
import { isObject, jsonText, parseJson, textIn } from "../body/json-fields.ts";
import { chunkIn, converseEventIn, generatedLength, invocationUsage } from "./chunk.ts";
import { converseUsage } from "./usage.ts";

const BOOKKEEPING: StreamEvent = Object.freeze({ kind: "bookkeeping" });
const END: StreamEvent = Object.freeze({ kind: "end" });

/** The status under which the same exception comes before a stream: the words tell the rest. */
const CLIENT_ERROR = 400;

export function createBedrockStreamReader(readError: (error: unknown) => Verdict): StreamReader {
  return new BedrockStreamReader(readError);
}

class BedrockStreamReader implements StreamReader {
  readonly #readError: (error: unknown) => Verdict;
  /** Of Claude's own events inside chunks. */
  readonly #claude: StreamReader;
  #told: Usage | null = null;

  constructor(readError: (error: unknown) => Verdict) {
    this.#readError = readError;
    this.#claude = createAnthropicStreamReader(readError);
  }

  usage(): Usage | null {
    return this.#told ?? this.#claude.usage();
  }

  read(event: string, data: string): StreamEvent {
    const json = parseJson(data);
    const frame = isObject(json) ? json : {};
    if (event === "error" || event.endsWith("Exception")) {
      const code = event === "error" ? frame["code"] : event;
      const status = code === "validationException" ? CLIENT_ERROR : undefined;
      return { kind: "error", verdict: this.#readError({ ...frame, code, status }) };
    }
    if (isObject(frame["error"])) {
      return { kind: "error", verdict: this.#readError(frame["error"]) };
    }
    return event === "chunk" ? this.#chunk(frame) : this.#converse(event, frame);
  }

  #converse(event: string, frame: JsonObject): StreamEvent {
    this.#told = converseUsage(frame["usage"]) ?? this.#told;
    if (event === "contentBlockDelta") return deltaOf(frame["delta"]);
    return event === "messageStop" ? END : BOOKKEEPING;
  }

  /** What cannot be read may be something that the user would miss. */
  #chunk(frame: JsonObject): StreamEvent {
    const chunk = chunkIn(frame);
    if (chunk === null) return { kind: "content", textLength: 0 };
    this.#told = invocationUsage(chunk) ?? this.#told;
    const type = textIn(chunk["type"]);
    if (type !== null) return this.#claude.read(type, jsonText(chunk));
    const converse = converseEventIn(chunk);
    if (converse !== null) {
      const [event, data] = converse;
      return this.#converse(event, isObject(data) ? data : {});
    }
    const length = generatedLength(chunk);
    return length === 0 ? BOOKKEEPING : { kind: "content", textLength: length ?? 0 };
  }
}

function deltaOf(delta: unknown): StreamEvent {
  if (!isObject(delta)) return BOOKKEEPING;
  const tool = isObject(delta["toolUse"]) ? textIn(delta["toolUse"]["input"]) : null;
  const text = textIn(delta["text"]) ?? tool;
  return { kind: "content", textLength: text?.length ?? 0 };
}
