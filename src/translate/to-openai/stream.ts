/** Anthropic's stream for a client of OpenAI's chat completions: one chunk for each event that says something. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject, parseJson, textIn } from "../../dialects/body/json-fields.ts";
import { finishReasonOf } from "../stop-reasons.ts";
import type { AnswerContext, ServerEvent, StreamTranslator } from "../translation.ts";
import { openAiUsageOf, withoutNulls } from "../usage.ts";
import { completionHead, foreignBlock, refusalOf } from "./answer.ts";
import { errorToOpenAi } from "./error.ts";

const DONE: ServerEvent = { event: null, data: "[DONE]" };
const NOTHING: ServerEvent[] = [];
const UNSEEN: readonly unknown[] = ["thinking", "redacted_thinking"];

export function streamToOpenAi(context: AnswerContext): StreamTranslator {
  return new OpenAiStream(context);
}

class OpenAiStream implements StreamTranslator {
  readonly #context: AnswerContext;
  #head: JsonObject | null = null;
  #usage: JsonObject = {};
  #calls = 0;
  /** The open block, if it is a tool call: input that came at once, and whether any has been told. */
  #open: { readonly input: unknown; hasTold: boolean } | null = null;
  #isOver = false;
  #hasFailed = false;
  #hasFinished = false;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  push(event: string, data: string): ServerEvent[] {
    if (this.#isOver || data === "") return NOTHING;
    const json = parseJson(data);
    if (!isObject(json)) return this.#fail("an event that is no JSON");
    const type = textIn(json["type"]) ?? event;
    if (type === "message_start") return this.#begin(json["message"]);
    if (type === "error") return this.#tell(json);
    if (type === "ping" || type === "") return NOTHING;
    if (this.#head === null) return this.#fail("an event before the message has begun");
    switch (type) {
      case "content_block_start":
        return this.#beginBlock(isObject(json["content_block"]) ? json["content_block"] : {});
      case "content_block_delta":
        return this.#delta(isObject(json["delta"]) ? json["delta"] : {});
      case "content_block_stop":
        return this.#endBlock();
      case "message_delta":
        return this.#finish(json["delta"], json["usage"]);
      case "message_stop":
        return this.#stop();
      default:
        return NOTHING;
    }
  }

  end(): ServerEvent[] {
    return this.#isOver ? NOTHING : this.#fail("it ended too early");
  }

  #begin(message: unknown): ServerEvent[] {
    const told = isObject(message) ? message : {};
    this.#head = completionHead(told, "chat.completion.chunk", this.#context);
    this.#usage = withoutNulls(told["usage"]);
    return [this.#chunk({ role: "assistant" })];
  }

  #beginBlock(block: JsonObject): ServerEvent[] {
    this.#open = null;
    const { type, text, id, name, input } = block;
    if (type === "text") return text === "" ? NOTHING : [this.#chunk({ content: text })];
    if (UNSEEN.includes(type)) return NOTHING;
    if (type !== "tool_use") return this.#fail(foreignBlock(type));
    this.#open = { input, hasTold: false };
    const call = { index: this.#calls++, id, type: "function", function: { name, arguments: "" } };
    return [this.#chunk({ tool_calls: [call] })];
  }

  #delta(delta: JsonObject): ServerEvent[] {
    const { type, text, partial_json: json } = delta;
    if (type === "text_delta") return text === "" ? NOTHING : [this.#chunk({ content: text })];
    if (type === "input_json_delta" && json !== "") return [this.#arguments(json)];
    return NOTHING;
  }

  #arguments(text: unknown): ServerEvent {
    if (this.#open) this.#open.hasTold = true;
    return this.#chunk({ tool_calls: [{ index: this.#calls - 1, function: { arguments: text } }] });
  }

  /** A call without input has no deltas; OpenAI's clients parse what they got. */
  #endBlock(): ServerEvent[] {
    const { input, hasTold } = this.#open ?? { input: null, hasTold: true };
    const events = hasTold ? NOTHING : [this.#arguments(JSON.stringify(input ?? {}))];
    this.#open = null;
    return events;
  }

  #finish(delta: unknown, usage: unknown): ServerEvent[] {
    this.#usage = { ...this.#usage, ...withoutNulls(usage) };
    const { stop_reason: stop, stop_details: details } = isObject(delta) ? delta : {};
    const refusal = refusalOf(details);
    const chunks = refusal === null ? [] : [this.#chunk({ refusal })];
    // Usage may be told before there is a reason to stop.
    if (textIn(stop) === null) return chunks;
    this.#hasFinished = true;
    return [...chunks, this.#chunk({}, finishReasonOf(stop))];
  }

  #stop(): ServerEvent[] {
    this.#isOver = true;
    const finish = this.#hasFinished ? NOTHING : [this.#chunk({}, finishReasonOf(null))];
    if (this.#context.includesUsage !== true) return [...finish, DONE];
    const last = { ...this.#head, choices: [], usage: openAiUsageOf(this.#usage) };
    return [...finish, { event: null, data: JSON.stringify(last) }, DONE];
  }

  #tell(error: JsonObject): ServerEvent[] {
    this.#isOver = true;
    this.#hasFailed = true;
    const { body } = errorToOpenAi(200, error);
    return [{ event: null, data: JSON.stringify(body) }];
  }

  #fail(why: string): ServerEvent[] {
    return this.#tell({
      error: { type: "api_error", message: `The provider's stream broke: ${why}.` },
    });
  }

  #chunk(delta: JsonObject, finish: string | null = null): ServerEvent {
    const choice = { index: 0, delta, logprobs: null, finish_reason: finish };
    const usage = this.#context.includesUsage === true ? { usage: null } : {};
    return { event: null, data: JSON.stringify({ ...this.#head, choices: [choice], ...usage }) };
  }
}
