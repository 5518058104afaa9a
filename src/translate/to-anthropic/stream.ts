/** OpenAI's chat stream for a client of Anthropic's messages: chunks become blocks, one after the other. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject, parseJson, textIn } from "../../dialects/body/json-fields.ts";
import { stopReasonOf } from "../stop-reasons.ts";
import type { ServerEvent, StreamTranslator } from "../translation.ts";
import { ANTHROPIC_USAGE_REST, anthropicUsageOf } from "../usage.ts";
import { foreignPart, messageHead, saidIn, toolUseBlock } from "./answer.ts";
import { callId } from "./call-id.ts";
import { errorToAnthropic } from "./error.ts";

/** The two fields of a delta that hold text. */
type Said = "content" | "refusal";

const NOTHING: ServerEvent[] = [];

export function streamToAnthropic(): StreamTranslator {
  return new AnthropicStream();
}

class AnthropicStream implements StreamTranslator {
  #head: JsonObject | null = null;
  #blocks = 0;
  /** What the open block holds: text of a kind, or the tool call with this index; null: none is open. */
  #open: Said | number | null = null;
  /** The tool call that began last; a number, because calls come in order. */
  #lastCall = -1;
  /** How the provider names it. */
  #lastNamed: { readonly index: number; readonly id: string | null } | null = null;
  #finish: unknown = null;
  #refused = false;
  #usage: unknown = null;
  #isOver = false;
  #hasFailed = false;

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  push(_event: string, data: string): ServerEvent[] {
    if (this.#isOver || data === "") return NOTHING;
    if (data === "[DONE]") return this.end();
    const json = parseJson(data);
    if (!isObject(json)) return this.#fail("an event that is no JSON");
    if (isObject(json["error"])) return this.#tell(json);
    if (isObject(json["usage"])) this.#usage = json["usage"];
    const choice = Array.isArray(json["choices"]) ? json["choices"][0] : null;
    // Azure's first event has no choice yet, and neither id nor model.
    if (!isObject(choice)) return NOTHING;
    if (choice["finish_reason"] === "error") return this.#fail("it tells of an error");
    return [...this.#begin(json), ...this.#choice(choice)];
  }

  /** Usage comes after the reason to finish, so that only the end of all is the end of the message. */
  end(): ServerEvent[] {
    if (this.#isOver) return NOTHING;
    if (this.#finish === null) return this.#fail("it ended too early");
    this.#isOver = true;
    const stop = stopReasonOf(this.#finish, this.#lastCall >= 0, this.#refused);
    const delta = { container: null, stop_reason: stop, stop_sequence: null, stop_details: null };
    return [
      ...this.#close(),
      event("message_delta", { delta, usage: anthropicUsageOf(this.#usage) }),
      event("message_stop", {}),
    ];
  }

  #begin(chunk: JsonObject): ServerEvent[] {
    if (this.#head !== null) return NOTHING;
    this.#head = messageHead(chunk);
    const usage = { ...anthropicUsageOf(null), ...ANTHROPIC_USAGE_REST };
    return [event("message_start", { message: { ...this.#head, usage } })];
  }

  #choice(choice: JsonObject): ServerEvent[] {
    const delta = isObject(choice["delta"]) ? choice["delta"] : {};
    const foreign = foreignPart(delta["content"]);
    if (foreign !== null) return this.#fail(foreign);
    const refusal = textIn(delta["refusal"]);
    this.#refused ||= refusal !== null;
    this.#finish ??= choice["finish_reason"] ?? null;
    const calls = Array.isArray(delta["tool_calls"]) ? delta["tool_calls"] : [];
    return [
      ...this.#text("content", saidIn(delta["content"])),
      ...this.#text("refusal", refusal),
      ...calls.flatMap((call) => (isObject(call) ? this.#call(call) : NOTHING)),
    ];
  }

  #text(kind: Said, text: string | null): ServerEvent[] {
    if (text === null || this.#isOver) return NOTHING;
    const begun = this.#open === kind ? NOTHING : this.#beginText(kind);
    return [...begun, this.#delta({ type: "text_delta", text })];
  }

  #beginText(kind: Said): ServerEvent[] {
    return [...this.#close(), this.#start(kind, { type: "text", text: "", citations: null })];
  }

  #call(call: JsonObject): ServerEvent[] {
    if (this.#isOver) return NOTHING;
    const called = isObject(call["function"]) ? call["function"] : {};
    const name = textIn(called["name"]);
    const index = this.#indexOf(call, name);
    const begun = index > this.#lastCall ? this.#beginCall(call, index, name) : NOTHING;
    if (this.#isOver) return begun;
    const text = textIn(called["arguments"]);
    if (text === null) return begun;
    if (this.#open !== index) return this.#fail("parts of several tool calls are mixed");
    return [...begun, this.#delta({ type: "input_json_delta", partial_json: text })];
  }

  /** Some servers give every call of an answer the index 0: another one has a name and an id of its own. */
  #indexOf(call: JsonObject, name: string | null): number {
    const told = toldIndex(call);
    if (this.#lastNamed === null || told !== this.#lastNamed.index) return told;
    const id = textIn(call["id"]);
    const isAnother = name !== null && id !== null && id !== this.#lastNamed.id;
    return isAnother ? this.#lastCall + 1 : this.#lastCall;
  }

  #beginCall(call: JsonObject, index: number, name: string | null): ServerEvent[] {
    if (name === null) return this.#fail("a tool call without a name");
    const id = callId(call, String(this.#head?.["id"] ?? ""), index);
    const closed = this.#close();
    this.#lastCall = index;
    this.#lastNamed = { index: toldIndex(call), id: textIn(call["id"]) };
    return [...closed, this.#start(index, toolUseBlock(id, name, {}))];
  }

  #start(kind: Said | number, block: JsonObject): ServerEvent {
    this.#open = kind;
    return event("content_block_start", { index: this.#blocks, content_block: block });
  }

  #delta(delta: JsonObject): ServerEvent {
    return event("content_block_delta", { index: this.#blocks, delta });
  }

  #close(): ServerEvent[] {
    if (this.#open === null) return NOTHING;
    this.#open = null;
    return [event("content_block_stop", { index: this.#blocks++ })];
  }

  #tell(error: JsonObject): ServerEvent[] {
    this.#isOver = true;
    this.#hasFailed = true;
    const { body } = errorToAnthropic(200, error);
    return [{ event: "error", data: JSON.stringify(body) }];
  }

  #fail(why: string): ServerEvent[] {
    const error = { type: "server_error", message: `The provider's stream broke: ${why}.` };
    return this.#tell({ error });
  }
}

function toldIndex({ index }: JsonObject): number {
  return typeof index === "number" ? index : 0;
}

function event(type: string, fields: JsonObject): ServerEvent {
  return { event: type, data: JSON.stringify({ type, ...fields }) };
}
