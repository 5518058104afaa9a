/** OpenAI's chat completions: writes the answer, whole or as chunks. */
import type { Answer, AnswerWriter } from "../../answer/call.ts";
import { sliceTokens } from "../../answer/text.ts";
import { OPENAI_STREAM_ERROR } from "./failures.ts";

export function chatWriter(answer: Answer, includesUsage: boolean): AnswerWriter {
  const head = JSON.stringify(headOf(answer, "chat.completion.chunk")).slice(0, -1);
  const usage = includesUsage ? ',"usage":null' : "";
  const chunk = (choice: object) =>
    `data: ${head},"choices":[${JSON.stringify({ index: 0, ...choice })}]${usage}}\n\n`;
  const delta = (fields: object) => chunk({ delta: fields, logprobs: null, finish_reason: null });
  const usageChunk = () =>
    `data: ${head},"choices":[],"usage":${JSON.stringify(usageOf(answer))}}\n\n`;
  return {
    whole: () => JSON.stringify(wholeOf(answer)),
    opening: () => delta(openingDelta(answer)),
    delta: (from, to) => delta(contentDelta(answer, sliceTokens(answer.text, from, to))),
    closing() {
      const last = chunk({ delta: {}, logprobs: null, finish_reason: finishReason(answer) });
      return `${last}${includesUsage ? usageChunk() : ""}data: [DONE]\n\n`;
    },
    failure: () => `data: ${JSON.stringify({ error: OPENAI_STREAM_ERROR })}\n\n`,
  };
}

function headOf(answer: Answer, object: string): object {
  return {
    id: `chatcmpl-${answer.id}`,
    object,
    created: answer.createdAtSeconds,
    model: answer.model,
    service_tier: "default",
    system_fingerprint: "fp_mock",
  };
}

function wholeOf(answer: Answer): object {
  const message = { role: "assistant", refusal: null, annotations: [], ...contentOf(answer) };
  return {
    ...headOf(answer, "chat.completion"),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason(answer) }],
    usage: usageOf(answer),
  };
}

function contentOf(answer: Answer): object {
  if (answer.toolName === null) return { content: answer.text };
  const call = { name: answer.toolName, arguments: answer.text };
  return { content: null, tool_calls: [{ id: callId(answer), type: "function", function: call }] };
}

function openingDelta(answer: Answer): object {
  const role = { role: "assistant", refusal: null };
  if (answer.toolName === null) return { ...role, content: "" };
  const call = { name: answer.toolName, arguments: "" };
  const toolCall = { index: 0, id: callId(answer), type: "function", function: call };
  return { ...role, content: null, tool_calls: [toolCall] };
}

function contentDelta(answer: Answer, text: string): object {
  if (answer.toolName === null) return { content: text };
  return { tool_calls: [{ index: 0, function: { arguments: text } }] };
}

function finishReason(answer: Answer): string {
  if (answer.isCut) return "length";
  return answer.toolName === null ? "stop" : "tool_calls";
}

function callId(answer: Answer): string {
  return `call_${answer.id}`;
}

function usageOf(answer: Answer): object {
  return {
    prompt_tokens: answer.inputTokens,
    completion_tokens: answer.outputTokens,
    total_tokens: answer.inputTokens + answer.outputTokens,
    prompt_tokens_details: { cached_tokens: answer.cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
