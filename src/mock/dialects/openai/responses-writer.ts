/** OpenAI's responses: writes the answer, whole or as the documented sequence of events. */
import type { Answer, AnswerWriter, Body } from "../../answer/call.ts";
import { sliceTokens } from "../../answer/text.ts";
import { jsonReply } from "../../failure.ts";
import { OPENAI_STREAM_ERROR } from "./failures.ts";

export function responsesWriter(answer: Answer, request: Body): AnswerWriter {
  let sequence = 0;
  const event = (type: string, fields: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...fields, sequence_number: sequence++ })}\n\n`;
  const item = answer.toolName === null ? textItem(answer) : toolItem(answer, answer.toolName);
  const begun = responseOf(answer, request, "in_progress", []);
  const done = responseOf(answer, request, finalStatus(answer), [item.done]);
  const place = { item_id: item.id, output_index: 0, ...item.place };
  return {
    whole: () => jsonReply(200, done),
    opening: () =>
      event("response.created", { response: begun }) +
      event("response.in_progress", { response: begun }) +
      event("response.output_item.added", { output_index: 0, item: item.begun }) +
      item.added.map(([type, fields]) => event(type, { ...place, ...fields })).join(""),
    delta: (from, to) =>
      event(item.deltaType, { ...place, ...item.deltaOf(sliceTokens(answer.text, from, to)) }),
    closing: () =>
      item.finished.map(([type, fields]) => event(type, { ...place, ...fields })).join("") +
      event("response.output_item.done", { output_index: 0, item: item.done }) +
      event(answer.isCut ? "response.incomplete" : "response.completed", { response: done }),
    failure() {
      const { message, param } = OPENAI_STREAM_ERROR;
      return event("error", { code: "server_error", message, param });
    },
  };
}

/** The one output item of a response, and the events that are particular to its kind. */
interface OutputItem {
  readonly id: string;
  readonly begun: object;
  readonly done: object;
  /** Fields of every event about this item. */
  readonly place: object;
  readonly deltaType: string;
  deltaOf(text: string): object;
  readonly added: readonly (readonly [type: string, fields: object])[];
  readonly finished: readonly (readonly [type: string, fields: object])[];
}

function textItem(answer: Answer): OutputItem {
  const id = `msg_${answer.id}`;
  const part = (text: string) => ({ type: "output_text", text, annotations: [], logprobs: [] });
  const message = (status: string, content: object[]) => {
    return { id, type: "message", status, role: "assistant", content };
  };
  return {
    id,
    begun: message("in_progress", []),
    done: message(finalStatus(answer), [part(answer.text)]),
    place: { content_index: 0 },
    deltaType: "response.output_text.delta",
    deltaOf: (delta) => ({ delta, logprobs: [] }),
    added: [["response.content_part.added", { part: part("") }]],
    finished: [
      ["response.output_text.done", { text: answer.text, logprobs: [] }],
      ["response.content_part.done", { part: part(answer.text) }],
    ],
  };
}

function toolItem(answer: Answer, name: string): OutputItem {
  const id = `fc_${answer.id}`;
  const call = (status: string, text: string) => {
    return {
      id,
      type: "function_call",
      status,
      call_id: `call_${answer.id}`,
      name,
      arguments: text,
    };
  };
  return {
    id,
    begun: call("in_progress", ""),
    done: call(finalStatus(answer), answer.text),
    place: {},
    deltaType: "response.function_call_arguments.delta",
    deltaOf: (delta) => ({ delta }),
    added: [],
    finished: [["response.function_call_arguments.done", { name, arguments: answer.text }]],
  };
}

function finalStatus(answer: Answer): string {
  return answer.isCut ? "incomplete" : "completed";
}

function responseOf(answer: Answer, request: Body, status: string, output: object[]): object {
  return {
    id: `resp_${answer.id}`,
    object: "response",
    created_at: answer.createdAtSeconds,
    status,
    background: false,
    error: null,
    incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: request.metadata ?? {},
    model: answer.model,
    output,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: { effort: null, summary: null },
    service_tier: "default",
    store: request.store ?? true,
    temperature: request.temperature ?? 1,
    text: request.text ?? { format: { type: "text" } },
    tool_choice: request.tool_choice ?? "auto",
    tools: request.tools ?? [],
    top_p: request.top_p ?? 1,
    truncation: "disabled",
    usage: status === "in_progress" ? null : usageOf(answer),
  };
}

function usageOf(answer: Answer): object {
  return {
    input_tokens: answer.inputTokens,
    input_tokens_details: { cached_tokens: answer.cachedTokens },
    output_tokens: answer.outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: answer.inputTokens + answer.outputTokens,
  };
}
