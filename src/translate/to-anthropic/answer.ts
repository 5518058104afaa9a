/** An OpenAI chat completion for a client of Anthropic's messages. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject, parseJsonExactly, textIn } from "../../dialects/body/json-fields.ts";
import { stopReasonOf } from "../stop-reasons.ts";
import type { Translated } from "../translation.ts";
import { Findings } from "../untranslatable.ts";
import { ANTHROPIC_USAGE_REST, anthropicUsageOf } from "../usage.ts";
import { callId } from "./call-id.ts";

export function answerToAnthropic(body: JsonObject): Translated {
  const findings = new Findings();
  const choice = Array.isArray(body["choices"]) ? body["choices"][0] : null;
  const message = isObject(choice) ? choice["message"] : null;
  if (!isObject(choice) || !isObject(message)) {
    findings.add("choices", "the answer has none");
    return { kind: "untranslatable", untranslatable: findings.all };
  }
  if (choice["finish_reason"] === "error")
    findings.add("choices[0]", "the answer tells of an error");
  if (isObject(message["function_call"])) {
    findings.add("choices[0].message.function_call", "the old form of `tool_calls`");
  }
  const foreign = foreignPart(message["content"]);
  if (foreign !== null) findings.add("choices[0].message.content", foreign);
  const isCut = choice["finish_reason"] === "length";
  const calls = Array.isArray(message["tool_calls"]) ? message["tool_calls"] : [];
  const answerId = String(body["id"] ?? "");
  const content = [
    ...textBlock(saidIn(message["content"])),
    ...textBlock(message["refusal"]),
    ...calls.flatMap((call, i) => toolUse(call, callId(call, answerId, i), isCut, i, findings)),
  ];
  if (findings.all.length > 0) return { kind: "untranslatable", untranslatable: findings.all };
  const refused = textIn(message["refusal"]) !== null;
  return {
    kind: "translated",
    body: {
      ...messageHead(body),
      content,
      stop_reason: stopReasonOf(choice["finish_reason"], calls.length > 0, refused),
      usage: { ...anthropicUsageOf(body["usage"]), ...ANTHROPIC_USAGE_REST },
    },
  };
}

/** A message before anything is said. */
export function messageHead(body: JsonObject): JsonObject {
  return {
    id: body["id"] ?? "",
    type: "message",
    role: "assistant",
    model: body["model"] ?? "",
    content: [],
    container: null,
    diagnostics: null,
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
  };
}

/** Some servers, such as Mistral's, give a list of parts: their thoughts, which are not shown, and texts. */
const PARTS: readonly unknown[] = ["text", "thinking"];

/** What is said in a text or a list of parts; null: nothing. */
export function saidIn(content: unknown): string | null {
  if (!Array.isArray(content)) return textIn(content);
  const texts = content.filter((part) => isObject(part) && part["type"] === "text");
  return textIn(texts.map(({ text }) => textIn(text) ?? "").join(""));
}

/** What stands in a list of parts that Claude's clients do not know; null: nothing. */
export function foreignPart(content: unknown): string | null {
  const parts = Array.isArray(content) ? content : [];
  const types = parts.map((part) => (isObject(part) ? part["type"] : null));
  const foreign = types.find((type) => !PARTS.includes(type));
  return foreign === undefined ? null : `a part of the type ${JSON.stringify(foreign)}`;
}

function textBlock(text: unknown): JsonObject[] {
  const said = textIn(text);
  return said === null ? [] : [{ type: "text", text: said, citations: null }];
}

/** Arguments that `length` has cut are no JSON; Anthropic, too, then gives an input without them. */
function toolUse(
  call: unknown,
  id: string,
  isCut: boolean,
  index: number,
  findings: Findings,
): JsonObject[] {
  const called = isObject(call) && isObject(call["function"]) ? call["function"] : {};
  const { name, arguments: written } = called;
  const input = (written ?? "") === "" ? {} : parseJsonExactly(String(written));
  if (typeof name !== "string" || (!isObject(input) && !isCut)) {
    findings.add(`choices[0].message.tool_calls[${index}]`, "not a function with JSON arguments");
    return [];
  }
  return [toolUseBlock(id, name, isObject(input) ? input : {})];
}

export function toolUseBlock(id: string, name: string, input: JsonObject): JsonObject {
  return { type: "tool_use", id, name, input, caller: { type: "direct" } };
}
