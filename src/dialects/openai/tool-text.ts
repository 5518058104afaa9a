/** Tool text: what a model is told of its tools, which is shorter than their JSON. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject, jsonText, textIn } from "../body/json-fields.ts";

/**
 * OpenAI cookbook, "How to count tokens", `num_tokens_for_tools` for gpt-4o: 7 a function, 3 where
 * it has parameters, 3 for each, 3 for each value of an enumeration and 3 less for the first, 12 at
 * the end. The line break between a function's lines is one of a parameter's 3.
 */
const PER_FUNCTION = 7;
const PER_PARAMETERS = 3;
const PER_PARAMETER = 2;
const PER_VALUE = 2;
const PER_ENUMERATION = -3;
const AT_THE_END = 12;
/** Schemas nest; deeper ones are cut. */
const DEEPEST = 8;

export interface ToolText {
  readonly texts: readonly string[];
  readonly frameTokens: number;
}

const NO_TOOLS: ToolText = { texts: [], frameTokens: 0 };

/** `tools` of chat and responses, or the older `functions`. */
export function toolText(tools: unknown): ToolText {
  if (!Array.isArray(tools) || tools.length === 0) return NO_TOOLS;
  const texts: string[] = [];
  let frameTokens = AT_THE_END;
  for (const tool of tools) {
    const described = isObject(tool) && isObject(tool["function"]) ? tool["function"] : tool;
    const name = isObject(described) ? textIn(described["name"]) : null;
    if (name === null) texts.push(jsonText(tool));
    else {
      const lines = new ToolLines(name, described as JsonObject);
      texts.push(lines.text);
      frameTokens += lines.frameTokens;
    }
  }
  return { texts, frameTokens };
}

class ToolLines {
  text: string;
  frameTokens = PER_FUNCTION;

  constructor(name: string, described: JsonObject) {
    this.text = `${name}:${descriptionOf(described)}`;
    this.#addParameters(described["parameters"], 0);
  }

  #addParameters(schema: unknown, depth: number): void {
    if (!isObject(schema) || depth > DEEPEST) return;
    this.#addParameters(schema["items"], depth + 1);
    const { properties } = schema;
    if (!isObject(properties)) return;
    this.frameTokens += PER_PARAMETERS;
    for (const [name, one] of Object.entries(properties)) {
      if (isObject(one)) this.#addParameter(name, one, depth);
    }
  }

  #addParameter(name: string, schema: JsonObject, depth: number): void {
    this.frameTokens += PER_PARAMETER;
    this.text += `\n${name}:${textIn(schema["type"]) ?? ""}:${descriptionOf(schema)}`;
    if (Array.isArray(schema["enum"])) {
      this.frameTokens += PER_ENUMERATION + PER_VALUE * schema["enum"].length;
      for (const value of schema["enum"]) this.text += `\n${String(value)}`;
    }
    this.#addParameters(schema, depth + 1);
  }
}

function descriptionOf(described: JsonObject): string {
  return (textIn(described["description"]) ?? "").replace(/\.$/, "");
}
