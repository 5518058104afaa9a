/** Cuts whole answers into the events of a stream, and puts translated events together again. */
import type { JsonObject } from "../../src/core/dialect.ts";
import type { ServerEvent, StreamTranslator } from "../../src/translate/translation.ts";

/** A text cut into pieces of these lengths; the rest is the last. */
function pieces(text: string, lengths: readonly number[]): string[] {
  const cut: string[] = [];
  let from = 0;
  for (const length of lengths) {
    if (from >= text.length) break;
    cut.push(text.slice(from, from + length));
    from += length;
  }
  return from < text.length ? [...cut, text.slice(from)] : cut;
}

export function translatedEvents(
  translator: StreamTranslator,
  events: readonly ServerEvent[],
): ServerEvent[] {
  const pushed = events.flatMap(({ event, data }) => translator.push(event ?? "", data));
  return [...pushed, ...translator.end()];
}

/** As Anthropic sends it: input tokens first, output tokens last. */
export function anthropicEvents(message: JsonObject, lengths: readonly number[]): ServerEvent[] {
  const { content, stop_reason, stop_sequence, usage } = message as {
    content: JsonObject[];
    stop_reason: string;
    stop_sequence: string | null;
    usage: JsonObject;
  };
  const event = (type: string, fields: object) => ({
    event: type,
    data: JSON.stringify({ type, ...fields }),
  });
  const start = {
    ...message,
    content: [],
    stop_reason: null,
    usage: { ...usage, output_tokens: 1 },
  };
  return [
    event("message_start", { message: start }),
    event("ping", {}),
    ...content.flatMap((block, index) => {
      const { begun, field, text } = cuttable(block);
      const kind = field === "partial_json" ? "input_json_delta" : `${field}_delta`;
      return [
        event("content_block_start", { index, content_block: begun }),
        ...pieces(text, lengths).map((piece) =>
          event("content_block_delta", { index, delta: { type: kind, [field]: piece } }),
        ),
        event("content_block_stop", { index }),
      ];
    }),
    event("message_delta", {
      delta: { stop_reason, stop_sequence },
      usage: {
        output_tokens: usage["output_tokens"],
        output_tokens_details: usage["output_tokens_details"],
      },
    }),
    event("message_stop", {}),
  ];
}

function cuttable(block: JsonObject): { begun: JsonObject; field: string; text: string } {
  if (block["type"] === "tool_use") {
    const json = JSON.stringify(block["input"]);
    return {
      begun: { ...block, input: {} },
      field: "partial_json",
      text: json === "{}" ? "" : json,
    };
  }
  const field = String(block["type"]);
  return { begun: { ...block, [field]: "" }, field, text: String(block[field]) };
}

/** As OpenAI sends it: usage in a chunk of its own after the last choice. */
export function openAiChunks(completion: JsonObject, lengths: readonly number[]): ServerEvent[] {
  const { choices, usage, ...head } = completion as {
    choices: { message: JsonObject; finish_reason: string }[];
    usage: object;
  };
  const [{ message, finish_reason }] = choices;
  const chunk = (fields: object) => ({
    event: null,
    data: JSON.stringify({ ...head, object: "chat.completion.chunk", ...fields }),
  });
  const delta = (delta: object, finish: string | null = null) =>
    chunk({ choices: [{ index: 0, delta, finish_reason: finish }], usage: null });
  const texts = (field: string) =>
    pieces(String(message[field] ?? ""), lengths).map((piece) => delta({ [field]: piece }));
  const calls = (message["tool_calls"] ?? []) as {
    id: string;
    function: { name: string; arguments: string };
  }[];
  return [
    delta({ role: "assistant", content: "", refusal: null }),
    ...texts("content"),
    ...texts("refusal"),
    ...calls.flatMap(({ id, function: called }, index) => {
      const begun = { index, id, type: "function", function: { name: called.name, arguments: "" } };
      return [
        delta({ tool_calls: [begun] }),
        ...pieces(called.arguments, lengths).map((piece) =>
          delta({ tool_calls: [{ index, function: { arguments: piece } }] }),
        ),
      ];
    }),
    delta({}, finish_reason),
    chunk({ choices: [], usage }),
    { event: null, data: "[DONE]" },
  ];
}

/** A chat completion out of its chunks. */
export function completionOf(events: readonly ServerEvent[]): JsonObject {
  const last = events.at(-1);
  if (last?.data !== "[DONE]") throw new Error(`the stream ends with ${last?.data}`);
  const chunks = events.slice(0, -1).map(({ data }) => JSON.parse(data));
  const message = {
    role: "assistant",
    content: null as string | null,
    refusal: null as string | null,
  };
  const calls: { id: string; type: string; function: { name: string; arguments: string } }[] = [];
  let finish: string | null = null;
  for (const { choices } of chunks) {
    for (const { delta, finish_reason } of choices) {
      if (delta.content) message.content = (message.content ?? "") + delta.content;
      if (delta.refusal) message.refusal = (message.refusal ?? "") + delta.refusal;
      for (const { index, id, type, function: called } of delta.tool_calls ?? []) {
        if (calls[index] === undefined) calls[index] = { id, type, function: { ...called } };
        else calls[index].function.arguments += called.arguments;
      }
      finish = finish_reason ?? finish;
    }
  }
  const { id, created, model, usage } = chunks.at(-1);
  const tool_calls = calls.length === 0 ? {} : { tool_calls: calls };
  const choice = {
    index: 0,
    message: { ...message, ...tool_calls },
    logprobs: null,
    finish_reason: finish,
  };
  return { id, object: "chat.completion", created, model, choices: [choice], usage };
}

/** An Anthropic message out of its events, with the order of events checked. */
export function messageOf(events: readonly ServerEvent[]): JsonObject {
  const parsed = events.map(({ data }) => JSON.parse(data));
  if (events.some(({ event }, i) => event !== parsed[i].type)) throw new Error("a name is wrong");
  const [first, ...rest] = parsed;
  if (first?.type !== "message_start") throw new Error(`the stream begins with ${first?.type}`);
  if (rest.at(-1)?.type !== "message_stop") throw new Error(`it ends with ${rest.at(-1)?.type}`);
  const message = structuredClone(first.message);
  let open: number | null = null;
  let json = "";
  for (const event of rest) {
    if (event.type === "content_block_start") {
      if (open !== null || event.index !== message.content.length)
        throw new Error("blocks overlap");
      open = event.index;
      json = "";
      message.content.push(event.content_block);
    } else if (event.type === "content_block_delta") {
      if (event.index !== open) throw new Error("a delta for a block that is not open");
      if (event.delta.type === "text_delta") message.content[event.index].text += event.delta.text;
      else json += event.delta.partial_json;
    } else if (event.type === "content_block_stop") {
      if (event.index !== open) throw new Error("the end of a block that is not open");
      if (json !== "") message.content[event.index].input = JSON.parse(json);
      open = null;
    } else if (event.type === "message_delta") {
      Object.assign(message, event.delta);
      message.usage = { ...message.usage, ...event.usage };
    }
  }
  return message;
}
