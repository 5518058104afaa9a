/** Sample: the smallest value that fits a JSON Schema's required parts, for arguments of tool calls. */

const MAX_DEPTH = 8;

/** Covers what tool schemas use (types, enum, const, default, required, minimum); all else gives a string. */
export function sampleOf(schema: unknown, depth = 0): unknown {
  if (typeof schema !== "object" || schema === null || depth > MAX_DEPTH) return "mock";
  const { type, enum: choices, const: constant, ...rest } = schema as Record<string, unknown>;
  if (constant !== undefined) return constant;
  if (Array.isArray(choices) && choices.length > 0) return choices[0];
  if (rest.default !== undefined) return rest.default;
  return sampleOfType(Array.isArray(type) ? type[0] : type, rest, depth);
}

function sampleOfType(type: unknown, schema: Record<string, unknown>, depth: number): unknown {
  switch (type ?? (schema.properties ? "object" : undefined)) {
    case "object":
      return sampleObject(schema, depth);
    case "number":
    case "integer":
      return typeof schema.minimum === "number" ? schema.minimum : 1;
    case "boolean":
      return true;
    case "array":
      return schema.items ? [sampleOf(schema.items, depth + 1)] : [];
    case "null":
      return null;
    default:
      return "mock";
  }
}

function sampleObject(schema: Record<string, unknown>, depth: number): Record<string, unknown> {
  const properties = (schema.properties ?? {}) as Record<string, unknown>;
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.fromEntries(
    required.map((name) => [String(name), sampleOf(properties[String(name)], depth + 1)]),
  );
}
