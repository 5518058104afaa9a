/** Rules: how the providers that are simulated count a request, as their documentation says. */
import type { Dimension } from "../../core/demand.ts";
import type { LoadTask } from "../../workload/load.ts";

export const SIMULATED_DIALECTS = ["openai", "anthropic", "generic"] as const;
export type SimulatedDialect = (typeof SIMULATED_DIALECTS)[number];

export interface ProviderRules {
  /** What a request must find and takes when it is admitted. */
  atAdmission(task: LoadTask, dimension: Dimension): number;
  /** What its answer takes while it is produced; admission asks only that something is left. */
  whileProduced(task: LoadTask, dimension: Dimension): number;
  /** A refused call counts as a request, too. */
  readonly countsRefusals: boolean;
  /** Remaining tokens are told in multiples of this. */
  readonly tokenQuantum: number;
  readonly resetMeaning: "full" | "window";
}

/** OpenAI takes max(max_tokens, estimate) at admission and gives nothing back. */
const OPENAI: ProviderRules = {
  atAdmission: (task, dimension) => countOf(task, dimension, task.cost),
  whileProduced: () => 0,
  countsRefusals: true,
  tokenQuantum: 1,
  resetMeaning: "full",
};

/** Anthropic counts input at admission, output as it is produced, and tells both in thousands. */
const ANTHROPIC: ProviderRules = {
  atAdmission: (task, dimension) =>
    dimension === "output_tokens"
      ? 0
      : countOf(task, dimension, task.inputTokens + task.outputTokens),
  whileProduced: (task, dimension) => (dimension === "output_tokens" ? task.outputTokens : 0),
  countsRefusals: false,
  tokenQuantum: 1_000,
  resetMeaning: "full",
};

/** Any API with `RateLimit` headers: whole at the end of each window. */
const GENERIC: ProviderRules = {
  atAdmission: (task, dimension) => countOf(task, dimension, task.inputTokens + task.outputTokens),
  whileProduced: () => 0,
  countsRefusals: false,
  tokenQuantum: 1,
  resetMeaning: "window",
};

export const RULES: Readonly<Record<SimulatedDialect, ProviderRules>> = {
  openai: OPENAI,
  anthropic: ANTHROPIC,
  generic: GENERIC,
};

/** All that a request takes of a dimension in the end. */
export function amountTaken(rules: ProviderRules, task: LoadTask, dimension: Dimension): number {
  return rules.atAdmission(task, dimension) + rules.whileProduced(task, dimension);
}

function countOf(task: LoadTask, dimension: Dimension, tokens: number): number {
  switch (dimension) {
    case "requests":
    case "concurrency":
      return 1;
    case "tokens":
      return tokens;
    case "input_tokens":
      return task.inputTokens;
    case "output_tokens":
      return task.outputTokens;
    default:
      return 0;
  }
}
