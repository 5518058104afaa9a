/** Messages of OpenAI's chat and Anthropic's messages, as far as trimming and chunking have to tell them apart. */
import type { JsonObject } from "../../core/dialect.ts";

/** Any message of either SDK is one. */
export interface ChatMessage {
  readonly role: string;
}

/** Instructions, which are never dropped. */
export function isInstruction({ role }: ChatMessage): boolean {
  return role === "system" || role === "developer";
}

/** What a turn begins with: a user who says something, and does not only bring a tool's result. */
export function opensTurn(message: ChatMessage): boolean {
  return message.role === "user" && !holdsResult(message);
}

/** An assistant that waits for results of its tool calls. */
export function callsTool(message: ChatMessage): boolean {
  const { tool_calls: calls, function_call: call } = message as unknown as JsonObject;
  if (Array.isArray(calls) && calls.length > 0) return true;
  return isObject(call) || blocksOf(message).some(({ type }) => type === "tool_use");
}

/** A result of a call before it: of no use without the call, and refused by both APIs. */
export function holdsResult(message: ChatMessage): boolean {
  if (message.role === "tool" || message.role === "function") return true;
  return blocksOf(message).some(({ type }) => type === "tool_result");
}

export function blocksOf(message: ChatMessage): JsonObject[] {
  const { content } = message as unknown as JsonObject;
  return Array.isArray(content) ? content.filter(isObject) : [];
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
