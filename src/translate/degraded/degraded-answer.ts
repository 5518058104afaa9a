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
 * several answers.
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
  const { response_format, output_config, text, tool_choice, n, background } = body;
  const config = isObject(output_config) ? output_config["format"] : null;
  const formats = [response_format, config, isObject(text) ? text["format"] : null];
  if (formats.some((format) => isObject(format) && format["type"] !== "text")) return true;
  const choice = isObject(tool_choice) ? tool_choice["type"] : tool_choice;
  const isForced =
    choice !== undefined && choice !== null && choice !== "auto" && choice !== "none";
  return isForced || (typeof n === "number" && n > 1) || background === true;
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
