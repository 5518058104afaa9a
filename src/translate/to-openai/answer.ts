/** An Anthropic message for a client of OpenAI's chat completions. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject, textIn } from "../../dialects/body/json-fields.ts";
import { finishReasonOf } from "../stop-reasons.ts";
import type { AnswerContext, Translated } from "../translation.ts";
import { Findings } from "../untranslatable.ts";
import { openAiUsageOf } from "../usage.ts";

/** Blocks that OpenAI's chat has no place for, and that say nothing to the user. */
const UNSEEN: readonly unknown[] = ["thinking", "redacted_thinking"];

export function answerToOpenAi(body: JsonObject, context: AnswerContext): Translated {
  const findings = new Findings();
  const blocks = Array.isArray(body["content"]) ? body["content"] : [];
  const seen = blocks.filter((block) => isObject(block) && !UNSEEN.includes(block["type"]));
  for (const [i, { type }] of seen.entries()) {
    if (type !== "text" && type !== "tool_use") findings.add(`content[${i}]`, foreignBlock(type));
  }
  if (body["type"] !== "message") findings.add("type", "the answer is no message");
  if (findings.all.length > 0) return { kind: "untranslatable", untranslatable: findings.all };
  const texts = seen.filter(({ type }) => type === "text").map(({ text }) => textIn(text) ?? "");
  const calls = seen.filter(({ type }) => type === "tool_use").map(toolCall);
  const choice = {
    index: 0,
    message: {
      role: "assistant",
      content: texts.length === 0 ? null : texts.join(""),
      refusal: refusalOf(body["stop_details"]),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    logprobs: null,
    finish_reason: finishReasonOf(body["stop_reason"]),
  };
  return {
    kind: "translated",
    body: {
      ...completionHead(body, "chat.completion", context),
      choices: [choice],
      usage: openAiUsageOf(body["usage"]),
    },
  };
}

export function foreignBlock(type: unknown): string {
  return `OpenAI's chat has nothing like ${JSON.stringify(type)}`;
}

export function completionHead(
  message: JsonObject,
  object: string,
  { createdAtSeconds }: AnswerContext,
): JsonObject {
  const { id, model } = message;
  return { id: id ?? "", object, created: createdAtSeconds, model: model ?? "" };
}

export function refusalOf(details: unknown): string | null {
  return isObject(details) ? textIn(details["explanation"]) : null;
}

function toolCall({ id, name, input }: JsonObject): JsonObject {
  const called = { name, arguments: JSON.stringify(input ?? {}) };
  return { id, type: "function", function: called };
}
