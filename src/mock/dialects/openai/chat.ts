/** OpenAI's chat completions: reads the request. */
import { type Body, type Call, isBody, type PlannedTool } from "../../answer/call.ts";
import { charactersIn, charactersInJson } from "../../answer/count-characters.ts";
import { tokensIn } from "../../answer/text.ts";
import { type BadRequest, badRequest } from "../../failure.ts";
import { type ChatFlavour, chatWriter, OPENAI_CHAT } from "./chat-writer.ts";
import {
  type FunctionTool,
  missing,
  planTool,
  readMaxTokens,
  requireModel,
} from "./read-fields.ts";

const MAX_TOKEN_FIELDS = ["max_tokens", "max_completion_tokens"];

/** Counts the text of messages (strings, text parts, tool calls) and the JSON of `tools`. */
export function readChat(body: Body, flavour: ChatFlavour = OPENAI_CHAT): Call | BadRequest {
  const model = requireModel(body);
  if (typeof model !== "string") return model;
  if (body.messages === undefined) return missing("messages");
  if (!Array.isArray(body.messages) || body.messages.length === 0) return invalidMessages();
  const maxOutputTokens = readMaxTokens(body, MAX_TOKEN_FIELDS);
  if (typeof maxOutputTokens === "object" && maxOutputTokens !== null) return maxOutputTokens;
  const includesUsage = isBody(body.stream_options) && body.stream_options.include_usage === true;
  return {
    kind: "call",
    model,
    isStream: body.stream === true,
    inputTokens: tokensIn(charactersIn(body.messages) + charactersInJson(body.tools)),
    maxOutputTokens,
    hasOutput: true,
    tool: planChatTool(body, body.messages),
    cost: null,
    writer: (answer) => chatWriter(answer, includesUsage, flavour),
  };
}

function invalidMessages(): BadRequest {
  return badRequest(
    "Invalid 'messages': expected an array with at least 1 message.",
    "messages",
    "invalid_type",
  );
}

function planChatTool(body: Body, messages: readonly unknown[]): PlannedTool | null {
  const { tools, tool_choice: choice } = body;
  if (!Array.isArray(tools)) return null;
  const functions = tools.flatMap((tool) => (isBody(tool) ? readFunction(tool.function) : []));
  const named = isBody(choice) && isBody(choice.function) ? String(choice.function.name) : null;
  const wishes = { name: named, isRequired: choice === "required", isForbidden: choice === "none" };
  return planTool(functions, wishes, () => asksForTool(messages.at(-1)));
}

function readFunction(value: unknown): FunctionTool[] {
  if (!isBody(value) || typeof value.name !== "string") return [];
  return [{ name: value.name, parameters: value.parameters }];
}

/** Only the very last message counts: after the tool's result comes an answer, not the same call again. */
function asksForTool(last: unknown): boolean {
  if (!isBody(last) || last.role !== "user") return false;
  return JSON.stringify(last.content ?? "")
    .toLowerCase()
    .includes("tool");
}
