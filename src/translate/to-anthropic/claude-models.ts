/** Claude models: which of them take which fields. Those that are not known are taken for the newest. */

export interface ClaudeTraits {
  /** Takes `temperature` or `top_p`; newer models refuse any value but the default with 400. */
  readonly takesSampling: boolean;
  /** Thinks by `budget_tokens`, or adaptively with `output_config.effort`. */
  readonly thinking: "none" | "budget" | "adaptive";
  /** Efforts that it knows. */
  readonly efforts: readonly Effort[];
  /** `reasoning_effort: none` can be kept to. */
  readonly canStopThinking: boolean;
  /** Takes `output_config.format`. */
  readonly takesSchema: boolean;
  /** Tokens of output; more in `max_tokens` is answered with 400. Infinity: not looked at. */
  readonly mostOutput: number;
}

export const EFFORTS = ["low", "medium", "high", "xhigh", "max"] as const;
export type Effort = (typeof EFFORTS)[number];

const OLD: ClaudeTraits = {
  takesSampling: true,
  thinking: "none",
  efforts: [],
  canStopThinking: true,
  takesSchema: false,
  mostOutput: Number.POSITIVE_INFINITY,
};
const NEWEST: ClaudeTraits = {
  takesSampling: false,
  thinking: "adaptive",
  efforts: EFFORTS,
  canStopThinking: true,
  takesSchema: true,
  mostOutput: Number.POSITIVE_INFINITY,
};

/**
 * The first that matches holds. Sources: Anthropic's migration guide (4.6: adaptive thinking; from Opus 4.7 on no
 * sampling and no budget), Structured outputs (from Sonnet 4.5 and Opus 4.1 on), Effort (`xhigh` from Opus 4.7 on),
 * Models overview (what those before 3.7 give at most).
 */
const MODELS: readonly (readonly [RegExp, ClaudeTraits])[] = [
  [/claude-(?:instant|[12]\b|3-(?:opus|sonnet|haiku))/, { ...OLD, mostOutput: 4_096 }],
  [/claude-3-5/, { ...OLD, mostOutput: 8_192 }],
  [/claude-3-7/, { ...OLD, thinking: "budget" }],
  [
    /claude-(?:haiku|sonnet|opus)-4-5|claude-opus-4-1/,
    { ...OLD, thinking: "budget", takesSchema: true },
  ],
  [
    /claude-(?:sonnet|opus)-4-6/,
    { ...NEWEST, takesSampling: true, efforts: ["low", "medium", "high"] },
  ],
  [/claude-(?:sonnet|opus)-4-[78]/, NEWEST],
  [/claude-(?:sonnet|opus)-4\b/, { ...OLD, thinking: "budget" }],
  [/claude-(?:fable|mythos)/, { ...NEWEST, canStopThinking: false }],
];

/** By any name that contains the model's own: dated, or with a platform's prefix. */
export function claudeTraits(model: string): ClaudeTraits {
  return MODELS.find(([pattern]) => pattern.test(model))?.[1] ?? NEWEST;
}
