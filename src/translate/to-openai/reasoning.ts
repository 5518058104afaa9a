/** Anthropic's thinking and effort to OpenAI's reasoning effort. */
import type { JsonObject } from "../../core/dialect.ts";
import { countIn, isObject } from "../../dialects/body/json-fields.ts";
import { ANTHROPIC_THINKING_FIELDS } from "../fields/anthropic-fields.ts";
import { checkFields } from "../fields/field-rule.ts";
import type { Findings } from "../untranslatable.ts";
import type { GptTraits } from "./gpt-models.ts";

const EFFORTS = ["low", "medium", "high", "xhigh", "max"];
/** Anthropic, Effort: "high ... equivalent to not setting the parameter". */
const DEFAULT_EFFORT = "high";

/**
 * `reasoning_effort`, if thinking was asked for. A model that reasons anyway is not stopped from it: what is thought is
 * no part of the answer. The thoughts themselves cannot be shown.
 */
export function reasoningEffort(
  body: JsonObject,
  traits: GptTraits,
  findings: Findings,
): JsonObject {
  const effort = wantedEffort(body, findings);
  if (effort === null) return {};
  if (traits.reasons === "no") {
    findings.add("thinking", "this model does not reason");
    return {};
  }
  const isHighest = effort === "xhigh" || effort === "max";
  return { reasoning_effort: isHighest && !traits.takesHighest ? "high" : effort };
}

function wantedEffort(body: JsonObject, findings: Findings): string | null {
  const config = isObject(body["output_config"]) ? body["output_config"] : {};
  const effort = config["effort"] ?? null;
  if (effort !== null && !EFFORTS.includes(String(effort))) {
    findings.add("output_config.effort", "not known");
  }
  const thinking = body["thinking"];
  if (thinking === undefined || thinking === null) return effort === null ? null : String(effort);
  const { type, display, budget_tokens: budget } = isObject(thinking) ? thinking : {};
  if (isObject(thinking)) checkFields(thinking, ANTHROPIC_THINKING_FIELDS, "thinking", findings);
  if (display === "summarized") findings.add("thinking.display", "OpenAI's chat does not show it");
  if (type === "disabled") return null;
  if (type === "enabled") return effort === null ? effortOf(countIn(budget)) : String(effort);
  if (type === "adaptive") return String(effort ?? DEFAULT_EFFORT);
  findings.add("thinking.type", "OpenAI's models do not choose when to think");
  return null;
}

/** The bounds lie between the budgets that stand for each effort the other way round. */
function effortOf(budget: number | null): string {
  if (budget === null || budget <= 4_096) return "low";
  return budget <= 12_288 ? "medium" : "high";
}
