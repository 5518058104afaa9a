/** Schema rules: whether a provider's structured outputs know everything that a JSON Schema says. */
import type { JsonObject } from "../core/dialect.ts";
import { isObject } from "../dialects/body/json-fields.ts";
import type { Findings } from "./untranslatable.ts";

export interface SchemaRules {
  readonly keywords: readonly string[];
  readonly formats: readonly string[];
  /** The largest `minItems` that is kept to. */
  readonly mostMinItems: number;
  /** Every property must be required. */
  readonly requiresAll: boolean;
}

/** As Anthropic's own SDK keeps them (transform-json-schema); the rest is answered with 400. */
export const ANTHROPIC_SCHEMA: SchemaRules = {
  keywords: [
    ..."type enum const anyOf allOf $ref $defs description title properties required".split(" "),
    ..."additionalProperties items format minItems $schema".split(" "),
  ],
  formats: "date-time time date duration email hostname uri ipv4 ipv6 uuid".split(" "),
  mostMinItems: 1,
  requiresAll: false,
};

/** As OpenAI's guide to structured outputs lists them. */
export const OPENAI_SCHEMA: SchemaRules = {
  keywords: [
    ..."type enum const anyOf $ref $defs description title properties required".split(" "),
    ..."additionalProperties items format pattern minItems maxItems $schema".split(" "),
    ..."minimum maximum exclusiveMinimum exclusiveMaximum multipleOf".split(" "),
  ],
  formats: "date-time time date duration email hostname ipv4 ipv6 uuid".split(" "),
  mostMinItems: Number.POSITIVE_INFINITY,
  requiresAll: true,
};

/** Deeper schemas are refused by both providers. */
const DEEPEST = 32;

/** Objects must be closed for both: what is not described could otherwise be answered. */
export function checkSchema(
  schema: unknown,
  rules: SchemaRules,
  path: string,
  findings: Findings,
  depth = 0,
): void {
  if (!isObject(schema) || depth > DEEPEST) {
    findings.add(path, "not a schema, or too deep");
    return;
  }
  for (const keyword of Object.keys(schema)) {
    if (!rules.keywords.includes(keyword)) findings.add(`${path}.${keyword}`, "not kept to there");
  }
  const { format, minItems } = schema;
  if (format !== undefined && !rules.formats.includes(String(format))) {
    findings.add(`${path}.format`, "not kept to there");
  }
  if (typeof minItems === "number" && minItems > rules.mostMinItems) {
    findings.add(`${path}.minItems`, "not kept to there");
  }
  if (isObjectType(schema)) checkObject(schema, rules, path, findings);
  for (const [name, child] of children(schema)) {
    checkSchema(child, rules, `${path}.${name}`, findings, depth + 1);
  }
}

function isObjectType({ type, properties }: JsonObject): boolean {
  return (
    type === "object" || (Array.isArray(type) && type.includes("object")) || isObject(properties)
  );
}

function checkObject(
  schema: JsonObject,
  rules: SchemaRules,
  path: string,
  findings: Findings,
): void {
  if (schema["additionalProperties"] !== false) {
    findings.add(path, "objects must have additionalProperties: false there");
  }
  if (!rules.requiresAll) return;
  const { required } = schema;
  const names = Object.keys(isObject(schema["properties"]) ? schema["properties"] : {});
  const missing = names.find((name) => !Array.isArray(required) || !required.includes(name));
  if (missing !== undefined) {
    findings.add(`${path}.properties.${missing}`, "every property must be required there");
  }
}

function children(schema: JsonObject): [string, unknown][] {
  const named = (field: string): [string, unknown][] => {
    const value = schema[field];
    if (!isObject(value)) return [];
    return Object.entries(value).map(([name, child]) => [`${field}.${name}`, child]);
  };
  const listed = (field: string): [string, unknown][] => {
    const value = schema[field];
    return Array.isArray(value) ? value.map((child, i) => [`${field}[${i}]`, child]) : [];
  };
  const items: [string, unknown][] =
    schema["items"] === undefined ? [] : [["items", schema["items"]]];
  return [
    ...named("properties"),
    ...named("$defs"),
    ...listed("anyOf"),
    ...listed("allOf"),
    ...items,
  ];
}
