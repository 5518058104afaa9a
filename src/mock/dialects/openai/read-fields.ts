/** Reads the fields that OpenAI's requests have in common, or says in OpenAI's words what is wrong. */
import type { Body, PlannedTool } from "../../answer/call.ts";
import { sampleOf } from "../../answer/sample-schema.ts";
import { type BadRequest, badRequest } from "../../failure.ts";

export function requireModel(body: Body): string | BadRequest {
  if (typeof body.model === "string" && body.model !== "") return body.model;
  return badRequest("you must provide a model parameter");
}

export function missing(field: string): BadRequest {
  return badRequest(`Missing required parameter: '${field}'.`, field, "missing_required_parameter");
}

/** The largest of the fields given, null when none is. */
export function readMaxTokens(body: Body, fields: readonly string[]): number | null | BadRequest {
  let max: number | null = null;
  for (const field of fields) {
    const value = body[field];
    if (value === undefined || value === null) continue;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1) {
      const expected = `Invalid value for '${field}': expected an integer of at least 1.`;
      return badRequest(expected, field, "invalid_value");
    }
    max = Math.max(max ?? 0, value);
  }
  return max;
}

export interface FunctionTool {
  readonly name: string;
  readonly parameters: unknown;
}

/** Which tool the mock calls: the one named; else the first, if a call is required or `isAsked`. */
export function planTool(
  tools: readonly FunctionTool[],
  choice: {
    readonly name: string | null;
    readonly isRequired: boolean;
    readonly isForbidden: boolean;
  },
  isAsked: () => boolean,
): PlannedTool | null {
  if (tools.length === 0 || choice.isForbidden) return null;
  const named = tools.find((tool) => tool.name === choice.name);
  if (!named && !choice.isRequired && !isAsked()) return null;
  const tool = named ?? tools[0];
  return { name: tool.name, arguments: JSON.stringify(sampleOf(tool.parameters)) };
}
