/** OpenAI's reasoning effort to Anthropic's thinking: an effort, or a budget where the model knows no efforts. */
import type { JsonObject } from "../../core/dialect.ts";
import type { Findings } from "../untranslatable.ts";
import { type ClaudeTraits, EFFORTS, type Effort } from "./claude-models.ts";

export interface Reasoning {
  readonly thinking?: JsonObject;
  readonly effort?: Effort;
}

export interface ReasoningRequest {
  readonly effort: unknown;
  /** What the client allows; null: nothing said. */
  readonly maxTokens: number | null;
  /** The model must call a tool, or may be in the midst of calling some. */
  readonly forcesTool: boolean;
  readonly isInToolLoop: boolean;
}

/**
 * Tokens of thought. The least is Anthropic's least; "diminishing returns above 32k" is its word on the most. Between
 * them doubled twice, as efforts are meant: a hint, no promise.
 */
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 16_384,
  xhigh: 32_768,
  max: 32_768,
};
export const LEAST_BUDGET = 1_024;

export function reasoningOf(
  request: ReasoningRequest,
  traits: ClaudeTraits,
  findings: Findings,
): Reasoning {
  const { effort } = request;
  const refuse = (why: string): Reasoning => {
    findings.add("reasoning_effort", why);
    return {};
  };
  if (effort === undefined || effort === null) return {};
  if (effort === "none") return silence(traits, refuse);
  if (typeof effort !== "string" || !Object.hasOwn(BUDGETS, effort)) return refuse("not known");
  if (traits.thinking === "none") return refuse("this model does not think");
  if (request.forcesTool) return refuse("Claude does not think where it must call a tool");
  if (traits.thinking === "adaptive") {
    return { thinking: { type: "adaptive" }, effort: nearestEffort(effort, traits.efforts) };
  }
  if (request.isInToolLoop)
    return refuse("Claude thinks on after a tool only with its own thoughts");
  return budget(BUDGETS[effort], request.maxTokens, refuse);
}

function silence(traits: ClaudeTraits, refuse: (why: string) => Reasoning): Reasoning {
  if (!traits.canStopThinking) return refuse("this model always thinks");
  return traits.thinking === "adaptive" ? { thinking: { type: "disabled" } } : {};
}

/** The next lower one where it is not known; `minimal` is the lowest. */
function nearestEffort(effort: string, known: readonly Effort[]): Effort {
  const asked = Math.max(0, EFFORTS.indexOf(effort as Effort));
  return known.filter((one) => EFFORTS.indexOf(one) <= asked).at(-1) ?? known[0];
}

/** Thought is part of max_tokens: half of them are left for the answer. */
function budget(
  wanted: number,
  maxTokens: number | null,
  refuse: (why: string) => Reasoning,
): Reasoning {
  const most = maxTokens === null ? wanted : Math.floor(maxTokens / 2);
  if (most < LEAST_BUDGET)
    return refuse("fewer tokens are allowed than Claude's least thought has");
  return { thinking: { type: "enabled", budget_tokens: Math.min(wanted, most) } };
}
