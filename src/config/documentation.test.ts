import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { configJsonSchema } from "./schema/config-schema.ts";

interface Node {
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

type Documented = readonly [path: string, defaultText: string];

/** Every field below `node` with what the page must say about its default. */
function fieldsOf(node: Node, path: string): Documented[] {
  const { properties = {}, required = [], additionalProperties, items } = node;
  const own = Object.entries(properties).flatMap(([name, child]): Documented[] => {
    const field = path === "" ? name : `${path}.${name}`;
    return [[field, defaultText(child, required.includes(name))], ...fieldsOf(child, field)];
  });
  const entries = typeof additionalProperties === "object" ? [additionalProperties] : [];
  const forms = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return [
    ...own,
    ...entries.flatMap((entry) => fieldsOf(entry, `${path}.<name>`)),
    ...(items ? fieldsOf(items, `${path}[]`) : []),
    ...forms.flatMap((form) => fieldsOf(form, path)),
  ];
}

function defaultText(node: Node, isRequired: boolean): string {
  if (isRequired) return "*required*";
  if (node.default === undefined) return "";
  if (node.default === "") return "empty";
  return `\`${JSON.stringify(node.default).replaceAll('"', "")}\``;
}

const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

function sectionOf(name: string): string {
  return page.split(/^### /m).find((text) => text.startsWith(`${name}\n`)) ?? "";
}

describe("docs/configuration.md", () => {
  // Four general forms share their fields: the page lists those of `requests`.
  const repeated = /limits\[\]\.(tokens|input_tokens|output_tokens|units)\.(?!name)/;
  const fields = fieldsOf(configJsonSchema() as Node, "")
    .filter(([path]) => path.includes(".") && !repeated.test(path))
    .filter(([path]) => path !== "store.kind");

  test.each([...new Map(fields)])("tells %s and its default %s", (path, text) => {
    const [, section, field] = /^(\w+)\.?(.*)$/.exec(path) ?? [];
    const row = sectionOf(section)
      .split("\n")
      .find((line) => line.startsWith(`| \`${field}\` |`));
    expect(row?.split("|")[2].trim()).toBe(text);
  });

  test("has a section for each section", () => {
    const sections = Object.keys((configJsonSchema() as Node).properties ?? {});
    expect(sections.filter((name) => sectionOf(name) === "")).toEqual([]);
  });

  test("names no field that does not exist", () => {
    const known = new Set([...fields.map(([path]) => path), "store.kind"]);
    const told = page
      .split(/^### /m)
      .slice(1)
      .flatMap((text) => {
        const section = /^\w+/.exec(text)?.[0];
        const rows = [...text.matchAll(/^\| `([^`]+)` \|/gm)];
        return rows.map(([, field]) => `${section}${field.startsWith("[]") ? "" : "."}${field}`);
      });
    expect(told.filter((path) => !known.has(path))).toEqual([]);
  });

  test("points at the example", () => {
    expect(page).toContain("src/config/example.yaml");
  });
});
