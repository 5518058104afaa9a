/** OpenAI's response format to Anthropic's structured outputs, where every keyword of the schema is known there. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject } from "../../dialects/body/json-fields.ts";
import { checkFields } from "../fields/field-rule.ts";
import { OPENAI_FORMAT_FIELDS, OPENAI_JSON_SCHEMA_FIELDS } from "../fields/openai-chat-fields.ts";
import { ANTHROPIC_SCHEMA, checkSchema } from "../schema-rules.ts";
import type { Findings } from "../untranslatable.ts";

/** `output_config.format`, or null for plain text. */
export function formatOf(
  format: unknown,
  takesSchema: boolean,
  findings: Findings,
): JsonObject | null {
  if (format === undefined || format === null) return null;
  const type = isObject(format) ? format["type"] : null;
  if (isObject(format)) checkFields(format, OPENAI_FORMAT_FIELDS, "response_format", findings);
  if (type === "text") return null;
  const wanted = isObject(format) ? format["json_schema"] : null;
  if (type !== "json_schema" || !isObject(wanted) || !isObject(wanted["schema"])) {
    const why = "Claude keeps to a schema, and has no mode for JSON of any shape";
    findings.add("response_format", why);
    return null;
  }
  if (!takesSchema) findings.add("response_format", "this model does not keep to a schema");
  const path = "response_format.json_schema";
  checkFields(wanted, OPENAI_JSON_SCHEMA_FIELDS, path, findings);
  checkSchema(wanted["schema"], ANTHROPIC_SCHEMA, `${path}.schema`, findings);
  const { schema, description } = wanted;
  const described = typeof description === "string" ? { description, ...schema } : schema;
  return { type: "json_schema", schema: described };
}
