/** Reads out of a request of either format what the task rules look at. */
import type { JsonObject } from "../../core/dialect.ts";
import type { TaskView } from "../../core/route/task-rules/task-view.ts";
import { countIn, isObject } from "./json-fields.ts";

/** Parts and blocks that are no text for the model to read. */
const MEDIA = new Set(["image_url", "image", "input_audio", "file", "document", "input_image"]);
const HIGH_EFFORT: readonly unknown[] = ["high", "xhigh", "max"];

/**
 * `inputTokens`: the forecast's estimate. Messages of OpenAI's chat and of Anthropic, and text input of OpenAI's
 * responses, are read; of anything else nothing is known, and no rule says that it suits.
 */
export function taskViewOf(body: JsonObject, taskType: string, inputTokens: number): TaskView {
  const messages = listOf(body["messages"] ?? body["input"]);
  const last = messages.filter(({ role }) => role === "user").at(-1);
  const content = typeof body["input"] === "string" ? body["input"] : last?.["content"];
  const instructions = messages.filter(({ role }) => role === "system" || role === "developer");
  const systems = [
    body["system"],
    body["instructions"],
    ...instructions.map((one) => one["content"]),
  ];
  return {
    taskType,
    inputTokens,
    maxOutputTokens:
      countIn(body["max_completion_tokens"]) ??
      countIn(body["max_output_tokens"]) ??
      countIn(body["max_tokens"]),
    system: systems.map(textOf).filter(Boolean).join("\n"),
    prompt: textOf(content),
    messages: Math.max(1, messages.length - instructions.length),
    tools: listOf(body["tools"]).map(toolName),
    output: outputOf(body),
    asksToThink: asksToThink(body),
    hasMedia: listOf(content).some(({ type }) => MEDIA.has(String(type))),
  };
}

function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Text of a string or of parts; results of tools are not what the user says. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  const texts = listOf(content).map(({ text }) => text);
  return texts.filter((text) => typeof text === "string").join("\n\n");
}

function toolName(tool: JsonObject): string {
  const { function: definition, name, type } = tool;
  return String((isObject(definition) ? definition["name"] : name) ?? type ?? "");
}

function outputOf({ response_format, output_config, text }: JsonObject): TaskView["output"] {
  const config = isObject(output_config) ? output_config["format"] : null;
  const wanted = [response_format, config, isObject(text) ? text["format"] : null];
  const types = wanted.map((format) => (isObject(format) ? format["type"] : null));
  if (types.includes("json_schema")) return "schema";
  return types.includes("json_object") ? "json" : "text";
}

function asksToThink({
  reasoning_effort,
  reasoning,
  output_config,
  thinking,
}: JsonObject): boolean {
  const efforts = [reasoning, output_config].map((one) => (isObject(one) ? one["effort"] : null));
  if ([reasoning_effort, ...efforts].some((effort) => HIGH_EFFORT.includes(effort))) return true;
  return isObject(thinking) && thinking["type"] === "enabled";
}
