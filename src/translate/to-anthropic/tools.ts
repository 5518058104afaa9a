/** OpenAI's tools and tool choice to Anthropic's. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject } from "../../dialects/body/json-fields.ts";
import { checkFields } from "../fields/field-rule.ts";
import {
  OPENAI_CHOSEN_FIELDS,
  OPENAI_FUNCTION_FIELDS,
  OPENAI_TOOL_CHOICE_FIELDS,
  OPENAI_TOOL_FIELDS,
} from "../fields/openai-chat-fields.ts";
import { ANTHROPIC_SCHEMA, checkSchema } from "../schema-rules.ts";
import type { Findings } from "../untranslatable.ts";

export interface ToolFields {
  readonly tools?: readonly JsonObject[];
  readonly tool_choice?: JsonObject;
}

/** Both APIs take names of this form, of at most 64 characters. */
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const NO_PARAMETERS = { type: "object", properties: {} };

export function toolFields(body: JsonObject, findings: Findings): ToolFields {
  const given = body["tools"] ?? [];
  if (!Array.isArray(given)) findings.add("tools", "not a list");
  const all = (Array.isArray(given) ? given : []).flatMap((tool, i) =>
    toolOf(tool, `tools[${i}]`, findings),
  );
  const allowed = allowedNames(body["tool_choice"], findings);
  const tools = all.filter(({ name }) => allowed === null || allowed.includes(name));
  const choice = choiceOf(body["tool_choice"], findings);
  if (choice?.["type"] === "any" || choice?.["type"] === "tool") {
    if (tools.length === 0) findings.add("tool_choice", "there is no tool");
  }
  if (tools.length === 0) return {};
  if (body["parallel_tool_calls"] !== false || choice?.["type"] === "none") {
    return choice === null ? { tools } : { tools, tool_choice: choice };
  }
  const single = { ...(choice ?? { type: "auto" }), disable_parallel_tool_use: true };
  return { tools, tool_choice: single };
}

function toolOf(tool: unknown, path: string, findings: Findings): JsonObject[] {
  const type = isObject(tool) ? tool["type"] : null;
  if (!isObject(tool) || (type !== "function" && type !== "custom")) {
    findings.add(path, "this kind of tool is not known");
    return [];
  }
  checkFields(tool, OPENAI_TOOL_FIELDS[type], path, findings);
  if (type === "custom") return [];
  const definition = isObject(tool["function"]) ? tool["function"] : {};
  checkFields(definition, OPENAI_FUNCTION_FIELDS, `${path}.function`, findings);
  const { name, description, parameters, strict } = definition;
  if (typeof name !== "string" || !TOOL_NAME.test(name)) {
    findings.add(`${path}.function.name`, "a name of 1 to 64 letters, digits, `_` and `-`");
  }
  const at = `${path}.function.parameters`;
  const schema = schemaOf(parameters, at, findings);
  const isStrict = strict === true && parameters !== undefined && parameters !== null;
  if (isStrict) checkSchema(parameters, ANTHROPIC_SCHEMA, at, findings);
  return [
    {
      name,
      ...(typeof description === "string" ? { description } : {}),
      input_schema: schema,
      ...(isStrict ? { strict } : {}),
    },
  ];
}

function schemaOf(parameters: unknown, path: string, findings: Findings): JsonObject {
  if (parameters === undefined || parameters === null) return NO_PARAMETERS;
  const type = isObject(parameters) ? (parameters["type"] ?? "object") : null;
  if (type !== "object") findings.add(path, "Claude's tools take an object");
  return isObject(parameters) ? { ...parameters, type: "object" } : NO_PARAMETERS;
}

/** A choice among some of the tools is, for the model, a choice among all that it is told of. */
function allowedNames(choice: unknown, findings: Findings): unknown[] | null {
  if (!isObject(choice) || choice["type"] !== "allowed_tools") return null;
  const { tools } = isObject(choice["allowed_tools"]) ? choice["allowed_tools"] : {};
  const names = (Array.isArray(tools) ? tools : []).map((tool) =>
    isObject(tool) && isObject(tool["function"]) ? tool["function"]["name"] : null,
  );
  if (names.length === 0 || names.includes(null)) {
    findings.add("tool_choice.allowed_tools", "functions by name, at least one");
  }
  return names;
}

function choiceOf(choice: unknown, findings: Findings): JsonObject | null {
  if (choice === undefined || choice === null) return null;
  if (choice === "none" || choice === "auto") return { type: choice };
  if (choice === "required") return { type: "any" };
  if (isObject(choice)) checkFields(choice, OPENAI_TOOL_CHOICE_FIELDS, "tool_choice", findings);
  if (isObject(choice) && choice["type"] === "function" && isObject(choice["function"])) {
    checkFields(choice["function"], OPENAI_CHOSEN_FIELDS, "tool_choice.function", findings);
    return { type: "tool", name: choice["function"]["name"] };
  }
  if (isObject(choice) && choice["type"] === "allowed_tools") {
    const { mode } = isObject(choice["allowed_tools"]) ? choice["allowed_tools"] : {};
    return { type: mode === "required" ? "any" : "auto" };
  }
  findings.add("tool_choice", "this choice has no counterpart");
  return null;
}
