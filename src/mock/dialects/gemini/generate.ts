/** Gemini's generateContent: reads the request. */
import { type Body, type Call, isBody, type PlannedTool } from "../../answer/call.ts";
import { charactersInJson } from "../../answer/count-characters.ts";
import { sampleOf } from "../../answer/sample-schema.ts";
import { tokensIn } from "../../answer/text.ts";
import { type BadRequest, badRequest, jsonReply, type Reply } from "../../failure.ts";
import { geminiWriter, type StreamForm } from "./writer.ts";

/** Reads as the SDKs write, and as the documentation's examples do: in camelCase or snake_case. */
function field(body: Body, camel: string, snake: string): unknown {
  return body[camel] ?? body[snake];
}

export function readGenerate(body: Body, model: string, form: StreamForm): Call | BadRequest {
  const wrong = missingContents(body);
  if (wrong) return wrong;
  const config = field(body, "generationConfig", "generation_config");
  const most = isBody(config) ? field(config, "maxOutputTokens", "max_output_tokens") : null;
  if (most !== undefined && most !== null && !(Number.isInteger(most) && Number(most) >= 1)) {
    return badRequest(`Invalid value at 'generation_config.max_output_tokens': ${String(most)}`);
  }
  return {
    kind: "call",
    model,
    isStream: form !== "whole",
    inputTokens: inputTokensOf(body),
    maxOutputTokens: typeof most === "number" ? most : null,
    hasOutput: true,
    tool: planTool(body),
    cost: null,
    writer: (answer) => geminiWriter(answer, form),
  };
}

/** What `countTokens` answers, or what is wrong with the request. */
export function countInput(body: Body): Reply | BadRequest {
  const inner = field(body, "generateContentRequest", "generate_content_request");
  const request = isBody(inner) ? inner : body;
  return missingContents(request) ?? jsonReply(200, { totalTokens: inputTokensOf(request) });
}

function missingContents({ contents }: Body): BadRequest | null {
  if (Array.isArray(contents) && contents.length > 0) return null;
  return badRequest("* GenerateContentRequest.contents: contents is not specified", "contents");
}

/** Counts the text of contents and of the system instruction, calls and results of tools, and the JSON of `tools`. */
function inputTokensOf(body: Body): number {
  const system = field(body, "systemInstruction", "system_instruction");
  const characters = charactersInParts(body.contents) + charactersInParts(system);
  return Math.max(1, tokensIn(characters + charactersInJson(body.tools)));
}

/** Of a content, or of a list of them; images count nothing. */
export function charactersInParts(contents: unknown): number {
  let characters = 0;
  for (const content of Array.isArray(contents) ? contents : [contents]) {
    if (typeof content === "string") characters += content.length;
    const parts = isBody(content) ? content.parts : null;
    for (const part of Array.isArray(parts) ? parts : [parts]) {
      if (!isBody(part)) continue;
      if (typeof part.text === "string") characters += part.text.length;
      characters += charactersInJson(part.functionCall) + charactersInJson(part.functionResponse);
    }
  }
  return characters;
}

function planTool(body: Body): PlannedTool | null {
  const declared = (Array.isArray(body.tools) ? body.tools : []).flatMap((tool) => {
    const list = isBody(tool) ? field(tool, "functionDeclarations", "function_declarations") : [];
    return Array.isArray(list) ? list.filter(isBody) : [];
  });
  const tools = declared.filter(({ name }) => typeof name === "string");
  const { mode, allowed } = toolChoice(body);
  if (tools.length === 0 || mode === "NONE") return null;
  if (mode !== "ANY" && !asksForTool(body.contents)) return null;
  const tool = tools.find(({ name }) => allowed.includes(name)) ?? tools[0];
  const schema = lowerTypes(tool.parameters ?? tool.parametersJsonSchema);
  return { name: String(tool.name), arguments: JSON.stringify(sampleOf(schema)) };
}

function toolChoice(body: Body): { readonly mode: unknown; readonly allowed: readonly unknown[] } {
  const outer = field(body, "toolConfig", "tool_config");
  const config = isBody(outer)
    ? field(outer, "functionCallingConfig", "function_calling_config")
    : null;
  if (!isBody(config)) return { mode: "AUTO", allowed: [] };
  const allowed = field(config, "allowedFunctionNames", "allowed_function_names");
  return { mode: config.mode, allowed: Array.isArray(allowed) ? allowed : [] };
}

/** Gemini's schemas shout their types. */
function lowerTypes(schema: unknown): unknown {
  const text = JSON.stringify(schema ?? { type: "object" });
  return JSON.parse(
    text.replaceAll(/"type":"([A-Z]+)"/g, (_, type) => `"type":"${type.toLowerCase()}"`),
  );
}

/** Only the very last content counts: after the tool's result comes an answer, not the same call again. */
function asksForTool(contents: unknown): boolean {
  const last = Array.isArray(contents) ? contents.at(-1) : contents;
  const text = JSON.stringify(last ?? "").toLowerCase();
  return text.includes("tool") && !text.includes("functionresponse");
}
