/** OpenAI's messages to Anthropic's: a system prompt apart, user and assistant by turns, results inside a user's message. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject, parseJsonExactly } from "../../dialects/body/json-fields.ts";
import { checkFields } from "../fields/field-rule.ts";
import {
  OPENAI_CALLED_FIELDS,
  OPENAI_MESSAGE_FIELDS,
  OPENAI_TOOL_CALL_FIELDS,
} from "../fields/openai-chat-fields.ts";
import type { Findings } from "../untranslatable.ts";
import { blocksOf, textBlocks } from "./content.ts";

export interface Conversation {
  /** Text blocks. */
  readonly system: readonly JsonObject[];
  readonly messages: readonly JsonObject[];
  /** Tools were called, or have answered: Anthropic then wants them described. */
  readonly usesTools: boolean;
}

type Role = keyof typeof OPENAI_MESSAGE_FIELDS;
interface Turn {
  readonly role: "user" | "assistant";
  readonly content: JsonObject[];
}

/** Anthropic's pattern for ids of tool calls. */
const TOOL_ID = /^[a-zA-Z0-9_-]+$/;

export function conversationOf(messages: unknown, findings: Findings): Conversation {
  const system: JsonObject[] = [];
  const turns: Turn[] = [];
  if (!Array.isArray(messages)) {
    findings.add("messages", "not a list");
    return { system, messages: [], usesTools: false };
  }
  for (const [i, message] of messages.entries()) {
    const path = `messages[${i}]`;
    if (!isObject(message) || !isRole(message["role"])) {
      findings.add(path, "a message of this role is not known");
      continue;
    }
    const { role } = message as { role: Role };
    checkFields(message, OPENAI_MESSAGE_FIELDS[role], path, findings);
    if (role === "system" || role === "developer") {
      if (turns.length > 0)
        findings.add(path, "only the newest Claude models take instructions in mid-conversation");
      system.push(...instructionBlocks(message["content"], `${path}.content`, findings));
    } else addTurn(turns, turnOf(role, message, path, findings));
  }
  checkOrder(turns, findings);
  return { system, messages: turns.map(simplified), usesTools: turns.some(hasToolBlock) };
}

/** Both take texts alone here. */
function instructionBlocks(content: unknown, path: string, findings: Findings): JsonObject[] {
  const blocks = blocksOf(content, path, findings);
  if (blocks.some(({ type }) => type !== "text")) findings.add(path, "instructions are texts");
  return blocks;
}

function isRole(role: unknown): role is Role {
  return typeof role === "string" && Object.hasOwn(OPENAI_MESSAGE_FIELDS, role);
}

function turnOf(role: Role, message: JsonObject, path: string, findings: Findings): Turn {
  if (role === "assistant") return { role, content: assistantBlocks(message, path, findings) };
  if (role === "tool") return { role: "user", content: [resultBlock(message, path, findings)] };
  const content = blocksOf(message["content"], `${path}.content`, findings);
  if (content.length === 0) findings.add(`${path}.content`, "Claude takes no empty message");
  return { role: "user", content };
}

/** Results of parallel calls, and what the user says after them, are one message for Anthropic. */
function addTurn(turns: Turn[], turn: Turn): void {
  const last = turns.at(-1);
  const joins = last?.role === "user" && turn.role === "user" && isResult(last.content.at(-1));
  if (last && joins) last.content.push(...turn.content);
  else turns.push(turn);
}

function isResult(block: JsonObject | undefined): boolean {
  return block?.["type"] === "tool_result";
}

function assistantBlocks(message: JsonObject, path: string, findings: Findings): JsonObject[] {
  const calls = message["tool_calls"] ?? [];
  if (!Array.isArray(calls)) findings.add(`${path}.tool_calls`, "not a list");
  const blocks = [
    ...blocksOf(message["content"], `${path}.content`, findings),
    ...textBlocks(message["refusal"]),
    ...(Array.isArray(calls) ? calls : []).flatMap((call, i) =>
      callBlock(call, `${path}.tool_calls[${i}]`, findings),
    ),
  ];
  if (blocks.length === 0) findings.add(path, "Claude takes no empty message");
  return blocks;
}

function callBlock(call: unknown, path: string, findings: Findings): JsonObject[] {
  const type = isObject(call) ? (call["type"] ?? "function") : null;
  if (!isObject(call) || (type !== "function" && type !== "custom")) {
    findings.add(path, "this kind of tool call is not known");
    return [];
  }
  checkFields(call, OPENAI_TOOL_CALL_FIELDS[type], path, findings);
  if (type === "custom") return [];
  const called = isObject(call["function"]) ? call["function"] : {};
  checkFields(called, OPENAI_CALLED_FIELDS, `${path}.function`, findings);
  const { name, arguments: written } = called;
  const input = written === "" ? {} : parseJsonExactly(String(written));
  if (typeof name !== "string" || !isObject(input)) {
    findings.add(`${path}.function`, "a call needs a name, and arguments that are a JSON object");
    return [];
  }
  return [{ type: "tool_use", id: checkedId(call["id"], `${path}.id`, findings), name, input }];
}

function resultBlock(message: JsonObject, path: string, findings: Findings): JsonObject {
  const id = checkedId(message["tool_call_id"], `${path}.tool_call_id`, findings);
  const { content } = message;
  const blocks = blocksOf(content, `${path}.content`, findings);
  const result = { type: "tool_result", tool_use_id: id };
  if (blocks.length === 0) return result;
  return { ...result, content: typeof content === "string" ? content : blocks };
}

function checkedId(id: unknown, path: string, findings: Findings): string {
  if (typeof id === "string" && TOOL_ID.test(id)) return id;
  findings.add(path, "Claude takes ids of letters, digits, `_` and `-`");
  return "";
}

function hasToolBlock(turn: Turn): boolean {
  return turn.content.some(({ type }) => type === "tool_use" || type === "tool_result");
}

/** What Anthropic answers with 400, or would understand otherwise. */
function checkOrder(turns: readonly Turn[], findings: Findings): void {
  if (turns[0]?.role !== "user") findings.add("messages", "for Claude the user speaks first");
  else if (turns.at(-1)?.role === "assistant") {
    findings.add("messages", "Claude would go on with the last message instead of answering it");
  }
}

/** A single text stays a string, as people write it. */
function simplified({ role, content }: Turn): JsonObject {
  const [first] = content;
  const isText = content.length === 1 && first["type"] === "text";
  return { role, content: isText ? first["text"] : content };
}
