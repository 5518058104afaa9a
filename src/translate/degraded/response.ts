/** A degraded answer in the format of OpenAI's responses. */
import type { JsonObject } from "../../core/dialect.ts";
import type { ServerEvent } from "../translation.ts";
import type { DegradedText } from "./degraded-text.ts";

export function responseOf(answer: DegradedText, status: "in_progress" | "completed"): JsonObject {
  const isDone = status === "completed";
  return {
    id: `resp_${answer.id}`,
    object: "response",
    created_at: answer.createdAtSeconds,
    status,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model: answer.model,
    output: isDone ? [messageOf(answer, "completed")] : [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: null,
    text: { format: { type: "text" } },
    tool_choice: "auto",
    tools: [],
    top_p: null,
    truncation: "disabled",
    usage: isDone ? NO_USAGE : null,
  };
}

const NO_USAGE = {
  input_tokens: 0,
  input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
  output_tokens: 0,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 0,
};

/** The documented sequence, with the whole text in one delta. */
export function responseEvents(answer: DegradedText): ServerEvent[] {
  const begun = responseOf(answer, "in_progress");
  const item = { output_index: 0, item_id: messageId(answer), content_index: 0 };
  const events: readonly (readonly [type: string, fields: JsonObject])[] = [
    ["response.created", { response: begun }],
    ["response.in_progress", { response: begun }],
    ["response.output_item.added", { output_index: 0, item: messageOf(answer, "in_progress") }],
    ["response.content_part.added", { ...item, part: partOf("") }],
    ["response.output_text.delta", { ...item, delta: answer.text, logprobs: [] }],
    ["response.output_text.done", { ...item, text: answer.text, logprobs: [] }],
    ["response.content_part.done", { ...item, part: partOf(answer.text) }],
    ["response.output_item.done", { output_index: 0, item: messageOf(answer, "completed") }],
    ["response.completed", { response: responseOf(answer, "completed") }],
  ];
  return events.map(([type, fields], sequence_number) => ({
    event: type,
    data: JSON.stringify({ type, ...fields, sequence_number }),
  }));
}

function messageOf(answer: DegradedText, status: "in_progress" | "completed"): JsonObject {
  const content = status === "completed" ? [partOf(answer.text)] : [];
  return { id: messageId(answer), type: "message", status, role: "assistant", content };
}

function messageId({ id }: DegradedText): string {
  return `msg_${id}`;
}

function partOf(text: string): JsonObject {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}
