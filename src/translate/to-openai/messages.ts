/** Anthropic's messages to OpenAI's: the system prompt first, each tool result a message of its own. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject } from "../../dialects/body/json-fields.ts";
import { ANTHROPIC_MESSAGE_FIELDS } from "../fields/anthropic-fields.ts";
import { checkFields } from "../fields/field-rule.ts";
import type { Findings } from "../untranslatable.ts";
import { type Block, partsOf, readBlocks, simpleContent } from "./content.ts";

export function messagesOf(system: unknown, messages: unknown, findings: Findings): JsonObject[] {
  const first = systemMessage(system, "system", findings);
  if (!Array.isArray(messages)) {
    findings.add("messages", "not a list");
    return first;
  }
  if (isRole(messages.at(-1), "assistant")) {
    findings.add("messages", "Claude goes on with the last message; OpenAI's models answer it");
  }
  const rest = messages.flatMap((message, i) => translated(message, `messages[${i}]`, findings));
  return [...first, ...rest];
}

function isRole(message: unknown, role: string): boolean {
  return isObject(message) && message["role"] === role;
}

function translated(message: unknown, path: string, findings: Findings): JsonObject[] {
  if (!isObject(message)) {
    findings.add(path, "not a message");
    return [];
  }
  checkFields(message, ANTHROPIC_MESSAGE_FIELDS, path, findings);
  const { role, content } = message;
  if (role === "system") return systemMessage(content, `${path}.content`, findings);
  const blocks = readBlocks(content, `${path}.content`, findings);
  if (role === "user" && isEmpty(content)) findings.add(path, "a message without content");
  if (role === "user") return userMessages(blocks, findings);
  if (role === "assistant") return assistantMessage(blocks, findings);
  findings.add(path, "a message of this role is not known");
  return [];
}

function isEmpty(content: unknown): boolean {
  const isList = Array.isArray(content);
  return content === undefined || content === null || (isList && content.length === 0);
}

function systemMessage(content: unknown, path: string, findings: Findings): JsonObject[] {
  const blocks = readBlocks(content, path, findings);
  for (const { type, path: at } of blocks)
    if (type !== "text") findings.add(at, "cannot stand here");
  if (blocks.length === 0) return [];
  return [{ role: "system", content: simpleContent(partsOf(blocks, findings)) }];
}

/** Results first, as Anthropic demands too; then what they show; then what the user says. */
function userMessages(blocks: readonly Block[], findings: Findings): JsonObject[] {
  const results = blocks
    .filter(({ type }) => type === "tool_result")
    .map((block) => resultOf(block, findings));
  const shown = results.flatMap(({ shown }) => shown);
  const said = partsOf(
    blocks.filter(({ type }) => type !== "tool_result"),
    findings,
  );
  const parts = [...shown, ...said];
  const user = parts.length === 0 ? [] : [{ role: "user", content: simpleContent(parts) }];
  return [...results.map(({ message }) => message), ...user];
}

interface Result {
  readonly message: JsonObject;
  /** Images and files, which OpenAI's tool messages do not hold, under a line that names the call. */
  readonly shown: readonly JsonObject[];
}

function resultOf({ fields, path }: Block, findings: Findings): Result {
  const parts = partsOf(readBlocks(fields["content"], `${path}.content`, findings), findings);
  const texts = parts.filter(({ type }) => type === "text");
  const others = parts.filter(({ type }) => type !== "text");
  const id = fields["tool_use_id"];
  const note = `Shown by the tool call ${String(id)}:`;
  const said = fields["is_error"] === true ? asError(texts) : texts;
  return {
    message: {
      role: "tool",
      tool_call_id: id,
      content: said.length === 0 ? "" : simpleContent(said),
    },
    shown: others.length === 0 ? [] : [{ type: "text", text: note }, ...others],
  };
}

/** OpenAI's results have no flag; its models are told in words. */
function asError(texts: readonly JsonObject[]): JsonObject[] {
  const [first, ...rest] = texts;
  const text = first === undefined ? "Error" : `Error: ${first["text"]}`;
  return [{ type: "text", text }, ...rest];
}

function assistantMessage(blocks: readonly Block[], findings: Findings): JsonObject[] {
  const isCall = ({ type }: Block) => type === "tool_use";
  const isThought = ({ type }: Block) => type === "thinking" || type === "redacted_thinking";
  const calls = blocks.filter(isCall).map(({ fields }) => ({
    id: fields["id"],
    type: "function",
    function: { name: fields["name"], arguments: JSON.stringify(fields["input"] ?? {}) },
  }));
  const said = blocks.filter((block) => !isCall(block) && !isThought(block));
  for (const { type, path } of said) {
    if (type !== "text") findings.add(path, "cannot stand here");
  }
  const texts = partsOf(said, findings);
  if (texts.length === 0 && calls.length === 0) return [];
  const content = texts.length === 0 ? null : simpleContent(texts);
  return [{ role: "assistant", content, ...(calls.length === 0 ? {} : { tool_calls: calls }) }];
}
