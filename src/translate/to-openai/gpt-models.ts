/** OpenAI's models: which of them reason, and what they then refuse. Others that speak its format are not known. */

export interface GptTraits {
  /** `reasoning_effort` is taken: surely, surely not, or nobody knows. */
  readonly reasons: "yes" | "no" | "unknown";
  /** Takes temperature and top_p other than 1, and stop sequences; reasoning models answer 400. */
  readonly takesSampling: boolean;
  /** `xhigh` and `max` are known. */
  readonly takesHighest: boolean;
}

const CHAT: GptTraits = { reasons: "no", takesSampling: true, takesHighest: false };
const REASONING: GptTraits = { reasons: "yes", takesSampling: false, takesHighest: true };

/** The first that matches holds. Source: OpenAI's reasoning guide. */
const MODELS: readonly (readonly [RegExp, GptTraits])[] = [
  [/(?:^|\/)(?:chatgpt-|gpt-3\.5|gpt-4)|gpt-5(?:\.\d+)?-chat/, CHAT],
  [/(?:^|\/)o\d(?:-|$)|(?:^|\/)gpt-5(?:-|$)/, { ...REASONING, takesHighest: false }],
  [/(?:^|\/)gpt-(?:[5-9]|\d\d)/, REASONING],
];

export function gptTraits(model: string): GptTraits {
  const found = MODELS.find(([pattern]) => pattern.test(model))?.[1];
  return found ?? { reasons: "unknown", takesSampling: true, takesHighest: false };
}
