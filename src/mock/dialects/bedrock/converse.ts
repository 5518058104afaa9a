/** Bedrock's Converse: one form for all models; reads the request. */
import { type Body, type Call, isBody, type PlannedTool } from "../../answer/call.ts";
import { charactersIn, charactersInJson } from "../../answer/count-characters.ts";
import { sampleOf } from "../../answer/sample-schema.ts";
import { tokensIn } from "../../answer/text.ts";
import { type BadRequest, badRequest } from "../../failure.ts";
import { converseWriter } from "./converse-writer.ts";

export function readConverse(body: Body, model: string, isStream: boolean): Call | BadRequest {
  const { messages, system, toolConfig, inferenceConfig } = body;
  if (!Array.isArray(messages) || messages.length === 0) {
    return badRequest(
      "1 validation error detected: Value at 'messages' must have length of at least 1",
    );
  }
  const most = isBody(inferenceConfig) ? inferenceConfig.maxTokens : undefined;
  if (most !== undefined && !(Number.isInteger(most) && Number(most) >= 1)) {
    return badRequest("Value at 'inferenceConfig.maxTokens' must be at least 1");
  }
  const characters = charactersIn(messages) + charactersIn(system) + charactersInJson(toolConfig);
  return {
    kind: "call",
    model,
    isStream,
    inputTokens: Math.max(1, tokensIn(characters + charactersInToolBlocks(messages))),
    maxOutputTokens: typeof most === "number" ? most : null,
    hasOutput: true,
    tool: planTool(toolConfig, messages),
    cost: null,
    writer: converseWriter,
  };
}

/** Calls and results of tools stand in blocks that only Converse has. */
function charactersInToolBlocks(messages: readonly unknown[]): number {
  let characters = 0;
  for (const { toolUse, toolResult } of messages.flatMap(blocksOf)) {
    characters += charactersInJson(toolUse) + charactersInJson(toolResult);
  }
  return characters;
}

function blocksOf(message: unknown): Body[] {
  const content = isBody(message) ? message.content : null;
  return Array.isArray(content) ? content.filter(isBody) : [];
}

function planTool(config: unknown, messages: readonly unknown[]): PlannedTool | null {
  const listed = isBody(config) && Array.isArray(config.tools) ? config.tools : [];
  const tools = listed.flatMap((tool) =>
    isBody(tool) && isBody(tool.toolSpec) ? [tool.toolSpec] : [],
  );
  if (tools.length === 0) return null;
  const choice = isBody(config) && isBody(config.toolChoice) ? config.toolChoice : {};
  const named = isBody(choice.tool)
    ? tools.find(({ name }) => name === (choice.tool as Body).name)
    : null;
  if (!named && choice.any === undefined && !asksForTool(messages.at(-1))) return null;
  const tool = named ?? tools[0];
  const schema = isBody(tool.inputSchema) ? tool.inputSchema.json : undefined;
  return { name: String(tool.name), arguments: JSON.stringify(sampleOf(schema)) };
}

/** A tool's result is a user's message too; after it comes an answer, not the same call again. */
function asksForTool(last: unknown): boolean {
  const blocks = blocksOf(last);
  if (blocks.some(({ toolResult }) => toolResult !== undefined)) return false;
  return blocks.some(({ text }) =>
    String(text ?? "")
      .toLowerCase()
      .includes("tool"),
  );
}
