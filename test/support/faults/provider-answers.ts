/** Provider answers: what each of the two providers says, whole and in events. */
import type { UpstreamName } from "./fault-script.ts";

/** Output is words of four characters, one token each. */
export const WORD = "word";
export const INPUT_TOKENS = 40;

interface Refusal {
  readonly status: number;
  readonly body: object;
  readonly headers?: Record<string, string>;
}

/** `first` speaks as Anthropic does, `second` as OpenAI. */
export function wholeAnswer(upstream: UpstreamName, outputTokens: number): object {
  const text = WORD.repeat(outputTokens);
  if (upstream === "first") {
    const usage = { input_tokens: INPUT_TOKENS, output_tokens: outputTokens };
    const content = [{ type: "text", text }];
    const named = { id: "msg_1", type: "message", role: "assistant", model: "m" };
    return { ...named, content, stop_reason: "end_turn", stop_sequence: null, usage };
  }
  const usage = {
    prompt_tokens: INPUT_TOKENS,
    completion_tokens: outputTokens,
    total_tokens: INPUT_TOKENS + outputTokens,
  };
  const message = { role: "assistant", content: text, refusal: null };
  const choices = [{ index: 0, message, finish_reason: "stop", logprobs: null }];
  return { id: "chatcmpl-1", object: "chat.completion", created: 1, model: "m", choices, usage };
}

/** The events of a stream: the opening, one for each token, and the end. */
export function streamEvents(upstream: UpstreamName, outputTokens: number): readonly string[] {
  return upstream === "first" ? anthropicEvents(outputTokens) : openAiEvents(outputTokens);
}

export function errorEvent(upstream: UpstreamName): string {
  return upstream === "first"
    ? named({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } })
    : data({ error: { message: "The server had an error", type: "server_error", code: null } });
}

export function refusalOf(
  upstream: UpstreamName,
  what: "quota" | "overload" | "error" | "billing",
): Refusal {
  return upstream === "first" ? ANTHROPIC_REFUSALS[what] : OPENAI_REFUSALS[what];
}

function anthropicEvents(outputTokens: number): string[] {
  const usage = { input_tokens: INPUT_TOKENS, output_tokens: 0 };
  const message = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [],
    usage,
  };
  const block = { type: "text", text: "" };
  const delta = { type: "text_delta", text: WORD };
  return [
    named({ type: "message_start", message }) +
      named({ type: "content_block_start", index: 0, content_block: block }),
    ...Array.from({ length: outputTokens }, () =>
      named({ type: "content_block_delta", index: 0, delta }),
    ),
    named({ type: "content_block_stop", index: 0 }) +
      named({
        type: "message_delta",
        delta: { stop_reason: "end_turn", stop_sequence: null },
        usage: { output_tokens: outputTokens },
      }) +
      named({ type: "message_stop" }),
  ];
}

function openAiEvents(outputTokens: number): string[] {
  const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m" };
  const chunk = (delta: object, finish_reason: string | null = null) =>
    data({ ...head, choices: [{ index: 0, delta, finish_reason }] });
  const usage = {
    prompt_tokens: INPUT_TOKENS,
    completion_tokens: outputTokens,
    total_tokens: INPUT_TOKENS + outputTokens,
  };
  return [
    chunk({ role: "assistant", content: "" }),
    ...Array.from({ length: outputTokens }, () => chunk({ content: WORD })),
    `${chunk({}, "stop")}${data({ ...head, choices: [], usage })}data: [DONE]\n\n`,
  ];
}

function named(event: { readonly type: string; readonly [field: string]: unknown }): string {
  return `event: ${event.type}\n${data(event)}`;
}

function data(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

const anthropicError = (type: string, message: string) => ({
  type: "error",
  error: { type, message },
});
const openAiError = (message: string, code: string | null, type = "server_error") => ({
  error: { message, type, code, param: null },
});

const ANTHROPIC_REFUSALS = {
  quota: { status: 429, body: anthropicError("rate_limit_error", "number of request tokens") },
  overload: { status: 529, body: anthropicError("overloaded_error", "Overloaded") },
  error: { status: 500, body: anthropicError("api_error", "Internal server error") },
  billing: {
    status: 400,
    body: anthropicError("invalid_request_error", "Your credit balance is too low"),
  },
} as const;

const OPENAI_REFUSALS = {
  quota: { status: 429, body: openAiError("Rate limit reached", "rate_limit_exceeded", "tokens") },
  overload: { status: 503, body: openAiError("The engine is currently overloaded", null) },
  error: { status: 500, body: openAiError("The server had an error", null) },
  billing: {
    status: 429,
    body: openAiError(
      "You exceeded your current quota, please check your plan",
      "insufficient_quota",
      "insufficient_quota",
    ),
  },
} as const;
