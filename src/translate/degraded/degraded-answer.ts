/** Degraded answers: instead of a refusal, a well-formed answer that says what happened and when to come back. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject } from "../../dialects/body/json-fields.ts";
import { answerToAnthropic } from "../to-anthropic/answer.ts";
import { streamToAnthropic } from "../to-anthropic/stream.ts";
import type { ChatFormat, ServerEvent } from "../translation.ts";
import { chatFormatOf } from "../translators.ts";
import { chatChunks, chatCompletion } from "./chat-completion.ts";
import type { DegradedText } from "./degraded-text.ts";
import { responseEvents, responseOf } from "./response.ts";

/** Formats whose answers are texts. */
export type TextFormat = ChatFormat | "openai-responses";

export interface DegradedRequest extends DegradedText {
  readonly format: TextFormat;
  readonly isStream: boolean;
}

export type DegradedAnswer =
  | { readonly kind: "whole"; readonly body: JsonObject }
  | { readonly kind: "stream"; readonly events: readonly ServerEvent[] };

/**
 * The format in which a request can be answered with a text; null: it must be refused. That is so for paths that answer
 * with something else (embeddings), and where a program waits for what no text is: JSON of a given shape, a tool call,
 * several answers, sound, probabilities, the rest of an answer that it has begun.
 *
 * @example degradableFormat("/embeddings", {}) // null
 */
export function degradableFormat(path: string, body: JsonObject): TextFormat | null {
  const isResponses = /^\/?responses$|\/v\d+\/responses$/.test(path);
  const format = isResponses ? "openai-responses" : chatFormatOf(path);
  if (format === null || wantsMore(body)) return null;
  return format;
}

function wantsMore(body: JsonObject): boolean {
  const { n, background, logprobs, modalities } = body;
  const isSpoken = Array.isArray(modalities) && modalities.includes("audio");
  const isMore = (typeof n === "number" && n > 1) || background === true || logprobs === true;
  return isMore || isSpoken || wantsShape(body) || forcesCall(body) || goesOn(body);
}

/** `output_format` is the older name of Anthropic's `output_config.format`. */
function wantsShape({ response_format, output_config, output_format, text }: JsonObject): boolean {
  const config = isObject(output_config) ? output_config["format"] : null;
  const formats = [response_format, config, output_format, isObject(text) ? text["format"] : null];
  return formats.some((format) => isObject(format) && format["type"] !== "text");
}

/** `function_call` is the older name of OpenAI's `tool_choice`. */
function forcesCall({ tool_choice, function_call }: JsonObject): boolean {
  const choices = [isObject(tool_choice) ? tool_choice["type"] : tool_choice, function_call];
  return choices.some((choice) => !["auto", "none"].includes(String(choice ?? "none")));
}

/** Such as `{`, so that the answer is JSON. */
function goesOn({ messages }: JsonObject): boolean {
  const last = Array.isArray(messages) ? messages.at(-1) : null;
  return isObject(last) && last["role"] === "assistant";
}

/** With usage zero, since nothing was generated, and a normal end, since the client is to show it. */
export function degradedAnswer(request: DegradedRequest): DegradedAnswer {
  const { format, isStream } = request;
  if (format === "openai-responses") {
    return isStream
      ? { kind: "stream", events: responseEvents(request) }
      : { kind: "whole", body: responseOf(request, "completed") };
  }
  if (format === "openai-chat") {
    return isStream
      ? { kind: "stream", events: chatChunks(request) }
      : { kind: "whole", body: chatCompletion(request) };
  }
  return isStream ? anthropicStream(request) : anthropicMessage(request);
}

function anthropicStream(request: DegradedRequest): DegradedAnswer {
  const stream = streamToAnthropic();
  const id = `msg_${request.id}`;
  const events = chatChunks(request, id).flatMap(({ data }) => stream.push("", data));
  return { kind: "stream", events: [...events, ...stream.end()] };
}

function anthropicMessage(request: DegradedRequest): DegradedAnswer {
  const translated = answerToAnthropic(chatCompletion(request, `msg_${request.id}`));
  if (translated.kind === "translated") return { kind: "whole", body: translated.body };
  throw new Error("a text is always translated");
}
