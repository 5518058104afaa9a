/** OpenAI's responses: reads the request. */
import { type Body, type Call, isBody, type PlannedTool } from "../../answer/call.ts";
import { charactersIn, charactersInJson } from "../../answer/count-characters.ts";
import { tokensIn } from "../../answer/text.ts";
import type { BadRequest } from "../../failure.ts";
import {
  type FunctionTool,
  missing,
  planTool,
  readMaxTokens,
  requireModel,
} from "./read-fields.ts";
import { responsesWriter } from "./responses-writer.ts";

/** Counts the text of `input` (a string, or items with text parts), `instructions` and the JSON of `tools`. */
export function readResponses(body: Body): Call | BadRequest {
  const model = requireModel(body);
  if (typeof model !== "string") return model;
  const { input, instructions, tools } = body;
  if (typeof input !== "string" && !Array.isArray(input)) return missing("input");
  const maxOutputTokens = readMaxTokens(body, ["max_output_tokens"]);
  if (typeof maxOutputTokens === "object" && maxOutputTokens !== null) return maxOutputTokens;
  const characters = charactersIn(input) + charactersIn(instructions) + charactersInJson(tools);
  return {
    kind: "call",
    model,
    isStream: body.stream === true,
    inputTokens: tokensIn(characters),
    maxOutputTokens,
    hasOutput: true,
    tool: planResponsesTool(body),
    cost: null,
    writer: (answer) => responsesWriter(answer, body),
  };
}

function planResponsesTool({ tools, tool_choice: choice, input }: Body): PlannedTool | null {
  if (!Array.isArray(tools)) return null;
  const functions = tools.flatMap(readFunction);
  const named = isBody(choice) && typeof choice.name === "string" ? choice.name : null;
  const wishes = { name: named, isRequired: choice === "required", isForbidden: choice === "none" };
  return planTool(functions, wishes, () => asksForTool(input));
}

function readFunction(value: unknown): FunctionTool[] {
  if (!isBody(value) || value.type !== "function" || typeof value.name !== "string") return [];
  return [{ name: value.name, parameters: value.parameters }];
}

function asksForTool(input: unknown): boolean {
  const last = Array.isArray(input) ? input.at(-1) : { role: "user", content: input };
  if (!isBody(last) || last.role !== "user") return false;
  return JSON.stringify(last.content ?? "")
    .toLowerCase()
    .includes("tool");
}
