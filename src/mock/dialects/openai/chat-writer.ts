/** OpenAI's chat completions: writes the answer, whole or as chunks. */
import type { Answer, AnswerWriter } from "../../answer/call.ts";
import { sliceTokens } from "../../answer/text.ts";
import { jsonReply } from "../../failure.ts";
import { OPENAI_STREAM_ERROR } from "./failures.ts";

/** What a provider adds to OpenAI's form. */
export interface ChatFlavour {
  readonly idPrefix: string;
  /** Further fields of the answer, and of each chunk (`isChunk`). */
  readonly head: (answer: Answer, isChunk: boolean) => object;
  /** Further fields of each choice. */
  readonly choice: (finishReason: string | null) => object;
  /** Further fields of the usage. */
  readonly usage: (answer: Answer) => object;
  /** Sent before the first chunk; `chunk` makes one of fields that are not choices. */
  readonly opening: (chunk: (fields: object) => string) => string;
  /** Further fields of the last chunk. */
  readonly closing: (answer: Answer, usage: object) => object;
  /** Streams tell usage without being asked. */
  readonly tellsUsage: boolean;
  /** The whole event of an error in a stream, of the fields that each chunk has. */
  readonly failure: (head: object) => object;
}

export const OPENAI_CHAT: ChatFlavour = {
  idPrefix: "chatcmpl-",
  head: () => ({ service_tier: "default", system_fingerprint: "fp_mock" }),
  choice: () => ({}),
  usage: () => ({}),
  opening: () => "",
  closing: () => ({}),
  tellsUsage: false,
  failure: () => ({ error: OPENAI_STREAM_ERROR }),
};

export function chatWriter(answer: Answer, asksUsage: boolean, flavour: ChatFlavour): AnswerWriter {
  const includesUsage = asksUsage || flavour.tellsUsage;
  const fields = headOf(answer, flavour, true);
  const head = JSON.stringify(fields).slice(0, -1);
  const usage = asksUsage ? ',"usage":null' : "";
  const chunk = (choice: object, finishReason: string | null = null) =>
    `data: ${head},"choices":[${JSON.stringify({ index: 0, ...choice, logprobs: null, finish_reason: finishReason, ...flavour.choice(finishReason) })}]${usage}}\n\n`;
  const other = (more: object) => `data: ${head},"choices":[],${JSON.stringify(more).slice(1)}\n\n`;
  const delta = (content: object) => chunk({ delta: content });
  return {
    whole: () => jsonReply(200, wholeOf(answer, flavour)),
    opening: () => flavour.opening(other) + delta(openingDelta(answer)),
    delta: (from, to) => delta(contentDelta(answer, sliceTokens(answer.text, from, to))),
    closing() {
      const last = chunk({ delta: {} }, finishReason(answer));
      const told = usageOf(answer, flavour);
      const more = flavour.closing(answer, told);
      const end = Object.keys(more).length === 0 ? last : withFields(last, more);
      return `${end}${includesUsage ? other({ usage: told }) : ""}data: [DONE]\n\n`;
    },
    failure: () => `data: ${JSON.stringify(flavour.failure(fields))}\n\n`,
  };
}

/** Adds fields to the object of an event. */
function withFields(event: string, fields: object): string {
  return `${event.trimEnd().slice(0, -1)},${JSON.stringify(fields).slice(1)}\n\n`;
}

function headOf(answer: Answer, flavour: ChatFlavour, isChunk: boolean): object {
  return {
    id: flavour.idPrefix + answer.id,
    object: isChunk ? "chat.completion.chunk" : "chat.completion",
    created: answer.createdAtSeconds,
    model: answer.model,
    ...flavour.head(answer, isChunk),
  };
}

function wholeOf(answer: Answer, flavour: ChatFlavour): object {
  const message = { role: "assistant", refusal: null, annotations: [], ...contentOf(answer) };
  const finish = finishReason(answer);
  const choice = { index: 0, message, logprobs: null, finish_reason: finish };
  return {
    ...headOf(answer, flavour, false),
    choices: [{ ...choice, ...flavour.choice(finish) }],
    usage: usageOf(answer, flavour),
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

function usageOf(answer: Answer, flavour: ChatFlavour): object {
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
    ...flavour.usage(answer),
  };
}
