/** Anthropic's messages: writes the answer, whole or as the documented sequence of events. */
import type { Answer, AnswerWriter } from "../../answer/call.ts";
import { sliceTokens } from "../../answer/text.ts";
import { jsonReply } from "../../failure.ts";
import { errorBody } from "./failures.ts";

export function messagesWriter(answer: Answer): AnswerWriter {
  return {
    whole: () => jsonReply(200, messageOf(answer, contentOf(answer), stopReason(answer))),
    opening: () => openingEvents(answer),
    delta: (from, to) => deltaEvent(answer, sliceTokens(answer.text, from, to)),
    closing: () => closingEvents(answer),
    failure: () => `event: error\ndata: ${JSON.stringify(streamError(answer))}\n\n`,
  };
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

function streamError(answer: Answer): object {
  return errorBody("overloaded_error", "Overloaded", `req_${answer.id}`);
}

function openingEvents(answer: Answer): string {
  const block =
    answer.toolName === null
      ? { type: "text", text: "" }
      : { type: "tool_use", id: toolId(answer), name: answer.toolName, input: {} };
  const message = messageOf({ ...answer, outputTokens: 1 }, [], null);
  return (
    event("message_start", { message }) +
    event("content_block_start", { index: 0, content_block: block }) +
    event("ping", {})
  );
}

function deltaEvent(answer: Answer, text: string): string {
  const delta =
    answer.toolName === null
      ? { type: "text_delta", text }
      : { type: "input_json_delta", partial_json: text };
  return event("content_block_delta", { index: 0, delta });
}

function closingEvents(answer: Answer): string {
  const delta = { stop_reason: stopReason(answer), stop_sequence: null };
  return (
    event("content_block_stop", { index: 0 }) +
    event("message_delta", { delta, usage: usageOf(answer) }) +
    event("message_stop", {})
  );
}

function messageOf(answer: Answer, content: readonly object[], stop: string | null): object {
  return {
    id: `msg_${answer.id}`,
    type: "message",
    role: "assistant",
    model: answer.model,
    content,
    stop_reason: stop,
    stop_sequence: null,
    usage: { ...usageOf(answer), service_tier: "standard" },
  };
}

function contentOf(answer: Answer): object[] {
  if (answer.toolName === null) return [{ type: "text", text: answer.text }];
  const input = parseInput(answer.text);
  return [{ type: "tool_use", id: toolId(answer), name: answer.toolName, input }];
}

/** Arguments that max_tokens has cut are no JSON; Anthropic then gives what it has, here nothing. */
function parseInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function stopReason(answer: Answer): string {
  if (answer.isCut) return "max_tokens";
  return answer.toolName === null ? "end_turn" : "tool_use";
}

function toolId(answer: Answer): string {
  return `toolu_${answer.id}`;
}

/** What came from the prompt cache is not part of `input_tokens`. */
function usageOf(answer: Answer): object {
  return {
    input_tokens: answer.inputTokens - answer.cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: answer.cachedTokens,
    output_tokens: answer.outputTokens,
  };
}
