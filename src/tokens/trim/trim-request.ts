/** Trims the history inside a whole request of either format. */
import type { JsonObject } from "../../core/dialect.ts";
import { countFixed } from "./count-messages.ts";
import { type ChatMessage, isObject } from "./message.ts";
import { type DroppedMessage, type TrimOptions, trimMessages } from "./trim.ts";

export type TrimmedRequest =
  | {
      readonly kind: "trimmed";
      readonly body: JsonObject;
      readonly tokens: number;
      readonly dropped: readonly DroppedMessage[];
    }
  | { readonly kind: "cannot-fit"; readonly tokens: number }
  /** No list of messages to trim. */
  | { readonly kind: "no-history" };

/**
 * Counts `system`, `tools` and a schema for the answer, and keeps them. `maxTokens` is the bound of the input: the
 * model's window, less what it may generate.
 *
 * @example trimRequest(body, { maxTokens: 128_000 - 4_096 })
 */
export function trimRequest(
  body: JsonObject,
  options: Omit<TrimOptions<ChatMessage>, "fixedTokens">,
): TrimmedRequest {
  const { messages } = body;
  if (!Array.isArray(messages) || !messages.every(isMessage)) return { kind: "no-history" };
  const fixedTokens = countFixed(body, options.count);
  const trimmed = trimMessages(messages, { ...options, fixedTokens });
  if (trimmed.kind === "cannot-fit") return trimmed;
  const { tokens, dropped } = trimmed;
  const kept = dropped.length === 0 ? body : { ...body, messages: trimmed.messages };
  return { kind: "trimmed", body: kept, tokens, dropped };
}

function isMessage(value: unknown): value is JsonObject & ChatMessage {
  return isObject(value) && typeof value["role"] === "string";
}
