import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { configJsonSchema } from "./config-schema.ts";

const EXAMPLE = parse(readFileSync(new URL("../example.yaml", import.meta.url), "utf8"));

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

function undescribed(node: Node, path: string): string[] {
  const { properties = {}, additionalProperties, items, anyOf = [], oneOf = [] } = node;
  const inner = typeof additionalProperties === "object" ? [additionalProperties] : [];
  return [
    ...Object.entries(properties).flatMap(([name, child]) => [
      ...(child.description === undefined ? [`${path}.${name}`] : []),
      ...undescribed(child, `${path}.${name}`),
    ]),
    ...[...inner, ...(items ? [items] : []), ...anyOf, ...oneOf].flatMap((child) =>
      undescribed(child, path),
    ),
  ];
}

describe("the JSON Schema", () => {
  const schema = configJsonSchema();
  const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);

  test("says which draft it follows and is plain JSON", () => {
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      additionalProperties: false,
    });
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });

  test("describes every field", () => {
    expect(undescribed(schema as Node, "")).toEqual([]);
  });

  test("accepts the example", () => {
    expect(validator.safeParse(EXAMPLE)).toMatchObject({ success: true });
  });

  test.each([
    {},
    { server: null, tiers: null },
    { server: { connections: `\${N}`, trust_headers: `\${T:-true}` } },
    { store: { kind: "redis", url: "redis://h" } },
  ])("accepts %j, as check does", (config) => {
    expect(validator.safeParse(config).success).toBe(true);
  });

  test.each([
    { sever: {} },
    { server: { lisen: "h:1" } },
    { server: { body_max: "32MB" } },
    { policy: { holdback: 0.6 } },
    { tiers: { gold: { latency_max: "soon" } } },
    { upstreams: { openai: { dialect: "openai" } } },
    { store: { kind: "redis" } },
  ])("refuses %j, as check does", (config) => {
    expect(validator.safeParse(config).success).toBe(false);
  });
});
