/** Anthropic's messages: reads the request. */
import { type Body, type Call, isBody, type PlannedTool } from "../../answer/call.ts";
import { charactersIn, charactersInJson } from "../../answer/count-characters.ts";
import { sampleOf } from "../../answer/sample-schema.ts";
import { tokensIn } from "../../answer/text.ts";
import { type BadRequest, badRequest } from "../../failure.ts";
import { messagesWriter } from "./messages-writer.ts";

/** Counts the text of `system` and of messages, the JSON of tool inputs and of `tools`. */
export function readMessages(body: Body): Call | BadRequest {
  const input = readInput(body);
  if (input.kind === "bad-request") return input;
  if (body.max_tokens === undefined) return badRequest("max_tokens: Field required");
  if (!isPositiveInteger(body.max_tokens)) {
    return badRequest("max_tokens: Input should be a valid integer greater than 0");
  }
  return {
    kind: "call",
    model: input.model,
    isStream: body.stream === true,
    inputTokens: input.tokens,
    maxOutputTokens: body.max_tokens,
    hasOutput: true,
    tool: planTool(body, input.messages),
    cost: null,
    writer: messagesWriter,
  };
}

/** What `/v1/messages/count_tokens` answers, or what is wrong with the request. */
export function countMessageTokens(body: Body): number | BadRequest {
  const input = readInput(body);
  return input.kind === "bad-request" ? input : input.tokens;
}

interface Input {
  readonly kind: "input";
  readonly model: string;
  readonly messages: readonly unknown[];
  readonly tokens: number;
}

function readInput(body: Body): Input | BadRequest {
  const { model, messages, system, tools } = body;
  if (model === undefined) return badRequest("model: Field required");
  if (typeof model !== "string") return badRequest("model: Input should be a valid string");
  if (messages === undefined) return badRequest("messages: Field required");
  if (!Array.isArray(messages)) return badRequest("messages: Input should be a valid list");
  if (messages.length === 0) return badRequest("messages: at least one message is required");
  const characters = charactersIn(messages) + charactersIn(system) + charactersInJson(tools);
  return { kind: "input", model, messages, tokens: Math.max(1, tokensIn(characters)) };
}

function isPositiveInteger(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1;
}

function planTool({ tools, tool_choice }: Body, messages: readonly unknown[]): PlannedTool | null {
  if (!Array.isArray(tools)) return null;
  const callable = tools.filter((tool) => isBody(tool) && typeof tool.name === "string");
  const choice = isBody(tool_choice) ? tool_choice : { type: "auto" };
  if (callable.length === 0 || choice.type === "none") return null;
  const named = callable.find((tool) => choice.type === "tool" && tool.name === choice.name);
  if (!named && choice.type !== "any" && !asksForTool(messages.at(-1))) return null;
  const tool = named ?? callable[0];
  return { name: tool.name, arguments: JSON.stringify(sampleOf(tool.input_schema)) };
}

/** A tool's result is a user's message too; after it comes an answer, not the same call again. */
function asksForTool(last: unknown): boolean {
  if (!isBody(last) || last.role !== "user") return false;
  const parts = Array.isArray(last.content) ? last.content : [{ text: last.content }];
  if (parts.some((part) => isBody(part) && part.type === "tool_result")) return false;
  return parts.some((part) => isBody(part) && String(part.text).toLowerCase().includes("tool"));
}
