/** Anthropic's tools and tool choice to OpenAI's. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject } from "../../dialects/body/json-fields.ts";
import { ANTHROPIC_TOOL_CHOICE_FIELDS, ANTHROPIC_TOOL_FIELDS } from "../fields/anthropic-fields.ts";
import { checkFields } from "../fields/field-rule.ts";
import { checkSchema, OPENAI_SCHEMA } from "../schema-rules.ts";
import type { Findings } from "../untranslatable.ts";

/** OpenAI takes 64 characters, Anthropic up to 128. */
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const CHOICES: Readonly<Record<string, string>> = { auto: "auto", any: "required", none: "none" };

export function functionFields(body: JsonObject, findings: Findings): JsonObject {
  const given = body["tools"] ?? [];
  if (!Array.isArray(given)) findings.add("tools", "not a list");
  const tools = (Array.isArray(given) ? given : []).flatMap((tool, i) =>
    functionOf(tool, `tools[${i}]`, findings),
  );
  const choice = choiceOf(body["tool_choice"], findings);
  if (tools.length > 0) return { tools, ...choice };
  const called = choice["tool_choice"] ?? "none";
  if (called !== "none" && called !== "auto") findings.add("tool_choice", "there is no tool");
  return {};
}

function functionOf(tool: unknown, path: string, findings: Findings): JsonObject[] {
  if (!isObject(tool)) {
    findings.add(path, "not a tool");
    return [];
  }
  const before = findings.all.length;
  const { type = null } = tool;
  // Fields of a tool that Anthropic defines would only repeat what its type says.
  if (type !== null && type !== "custom") findings.add(path, ANTHROPIC_TOOL_FIELDS.type.note);
  else checkFields(tool, ANTHROPIC_TOOL_FIELDS, path, findings);
  if (findings.all.length > before) return [];
  const { name, description, input_schema: parameters, strict } = tool;
  if (typeof name !== "string" || !TOOL_NAME.test(name)) {
    findings.add(`${path}.name`, "a name of 1 to 64 letters, digits, `_` and `-`");
  }
  if (strict === true) checkSchema(parameters, OPENAI_SCHEMA, `${path}.input_schema`, findings);
  const definition = {
    name,
    ...(typeof description === "string" ? { description } : {}),
    parameters,
    ...(strict === true ? { strict } : {}),
  };
  return [{ type: "function", function: definition }];
}

function choiceOf(choice: unknown, findings: Findings): JsonObject {
  if (choice === undefined || choice === null) return {};
  const { type, name } = isObject(choice) ? choice : {};
  if (isObject(choice)) checkFields(choice, ANTHROPIC_TOOL_CHOICE_FIELDS, "tool_choice", findings);
  const isSingle = isObject(choice) && choice["disable_parallel_tool_use"] === true;
  const single = isSingle ? { parallel_tool_calls: false } : {};
  if (type === "tool") {
    return { tool_choice: { type: "function", function: { name } }, ...single };
  }
  if (typeof type === "string" && Object.hasOwn(CHOICES, type)) {
    return { tool_choice: CHOICES[type], ...single };
  }
  findings.add("tool_choice", "this choice has no counterpart");
  return {};
}
