/** Task view of a request: what the rules for smaller models look at, read from a body of either chat format. */

import type { JsonObject } from "../../core/dialect.ts";
import type { TaskView } from "../../core/route/task-rules/task-view.ts";
import { countIn, isObject, textIn } from "../../dialects/body/json-fields.ts";

/** Null: it is no conversation. */
export function taskViewOf(
  body: JsonObject,
  taskType: string,
  inputTokens: number,
): TaskView | null {
  const { messages } = body;
  if (!Array.isArray(messages) || messages.length === 0) return null;
  const prompts = messages.filter((one) => isObject(one) && one["role"] === "user");
  const systems = messages.filter(
    (one) => isObject(one) && (one["role"] === "system" || one["role"] === "developer"),
  );
  const last: unknown = prompts.at(-1);
  return {
    taskType,
    inputTokens,
    maxOutputTokens: countIn(body["max_completion_tokens"]) ?? countIn(body["max_tokens"]),
    system: [textOf(body["system"]), ...systems.map(contentText)].filter(Boolean).join("\n"),
    prompt: contentText(last),
    messages: messages.length,
    tools: Array.isArray(body["tools"]) ? body["tools"].length : 0,
    output: outputOf(body),
    asksToThink: asksToThink(body),
    hasMedia: isObject(last) && hasMedia(last["content"]),
  };
}

function contentText(message: unknown): string {
  return isObject(message) ? textOf(message["content"]) : "";
}

function textOf(content: unknown): string {
  if (!Array.isArray(content)) return textIn(content) ?? "";
  const parts = content.map((part) => (isObject(part) ? (textIn(part["text"]) ?? "") : ""));
  return parts.filter(Boolean).join("\n");
}

function hasMedia(content: unknown): boolean {
  if (!Array.isArray(content)) return false;
  return content.some(
    (part) => isObject(part) && part["type"] !== "text" && part["type"] !== "tool_result",
  );
}

function outputOf(body: JsonObject): TaskView["output"] {
  const config = body["output_config"];
  const format = body["response_format"] ?? (isObject(config) ? config["format"] : null);
  if (!isObject(format)) return "text";
  if (format["type"] === "json_schema") return "schema";
  return format["type"] === "json_object" ? "json" : "text";
}

function asksToThink(body: JsonObject): boolean {
  const thinking = body["thinking"];
  const effort = body["reasoning_effort"];
  return (
    (isObject(thinking) && thinking["type"] !== "disabled") ||
    effort === "high" ||
    effort === "xhigh"
  );
}
