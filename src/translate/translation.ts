/** Translation: what is asked of a pair of wire formats, so that a request may go to a provider of the other one. */
import type { JsonObject } from "../core/dialect.ts";
import type { Untranslatable } from "./untranslatable.ts";

/** Formats between which requests are translated. OpenAI's responses, embeddings and all else are not among them. */
export const CHAT_FORMATS = ["openai-chat", "anthropic-messages"] as const;
export type ChatFormat = (typeof CHAT_FORMATS)[number];

/** A body in the other format; or why there is none: nothing is ever left out silently. */
export type Translated =
  | { readonly kind: "translated"; readonly body: JsonObject }
  | { readonly kind: "untranslatable"; readonly untranslatable: readonly Untranslatable[] };

/** Where a translated request goes. */
export interface Target {
  /** The model's name as the provider knows it: some take fields that others refuse. */
  readonly model: string;
  /**
   * To Anthropic alone, which demands `max_tokens`: what a request without one gets, in tokens.
   *
   * @default 16,000
   */
  readonly defaultMaxTokens?: number;
  /**
   * To OpenAI's format alone: servers that speak it may know only the older name.
   *
   * @default "max_completion_tokens"
   */
  readonly maxTokensField?: "max_completion_tokens" | "max_tokens";
  /**
   * To OpenAI's format alone: servers that tell a stream's usage unasked may refuse to be asked.
   *
   * @default true
   */
  readonly asksForUsage?: boolean;
}

/** What an answer needs and the provider's does not tell. */
export interface AnswerContext {
  /** OpenAI's `created`, in seconds since the epoch. */
  readonly createdAtSeconds: number;
  /** The client asked for `stream_options.include_usage`; only OpenAI's streams depend on it. */
  readonly includesUsage?: boolean;
}

/** One server-sent event. */
export interface ServerEvent {
  /** Null: the event has no name, as in all of OpenAI's chat streams. */
  readonly event: string | null;
  readonly data: string;
}

/** Turns one stream into the other format, event by event; holds no more than its own counters. */
export interface StreamTranslator {
  /** `event` is the name ("" if none), `data` the joined data lines; what the client gets for it, often nothing. */
  push(event: string, data: string): ServerEvent[];
  /** After the last event. A stream that the provider cut gets an error event, never a quiet end. */
  end(): ServerEvent[];
  /** It has told of an error. */
  readonly hasFailed: boolean;
}

export interface TranslatedError {
  readonly status: number;
  readonly body: JsonObject;
}

/** One direction: the client speaks one format, the provider the other. */
export interface Translator {
  /** The client's request for the provider. */
  request(body: JsonObject, target: Target): Translated;
  /** The provider's answer (status 200, whole) for the client. */
  answer(body: JsonObject, context: AnswerContext): Translated;
  /** The provider's stream for the client. */
  stream(context: AnswerContext): StreamTranslator;
  /** The provider's error for the client; `body` is its parsed JSON, null if it is none. */
  error(status: number, body: JsonObject | null): TranslatedError;
}

/** As it goes over the wire. */
export function serializeEvent({ event, data }: ServerEvent): string {
  return `${event === null ? "" : `event: ${event}\n`}data: ${data}\n\n`;
}
