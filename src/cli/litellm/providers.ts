/** Providers: what LiteLLM's prefixes of models (`openai/gpt-5`) mean here. */

export interface Provider {
  readonly dialect: string;
  /** Null: only the deployment's `api_base` knows. */
  readonly baseUrl: string | null;
}

/** Prefixes and their API roots: https://docs.litellm.ai/docs/providers */
export const PROVIDERS: Readonly<Record<string, Provider>> = {
  anthropic: { dialect: "anthropic", baseUrl: "https://api.anthropic.com" },
  azure: { dialect: "azure-openai", baseUrl: null },
  cerebras: { dialect: "cerebras", baseUrl: "https://api.cerebras.ai/v1" },
  deepseek: { dialect: "deepseek", baseUrl: "https://api.deepseek.com/v1" },
  fireworks_ai: { dialect: "fireworks", baseUrl: "https://api.fireworks.ai/inference/v1" },
  gemini: { dialect: "gemini", baseUrl: "https://generativelanguage.googleapis.com/v1beta" },
  groq: { dialect: "groq", baseUrl: "https://api.groq.com/openai/v1" },
  hosted_vllm: { dialect: "vllm", baseUrl: null },
  mistral: { dialect: "mistral", baseUrl: "https://api.mistral.ai/v1" },
  ollama: { dialect: "openai-compatible", baseUrl: "http://127.0.0.1:11434/v1" },
  openai: { dialect: "openai", baseUrl: "https://api.openai.com/v1" },
  openrouter: { dialect: "openrouter", baseUrl: "https://openrouter.ai/api/v1" },
  together_ai: { dialect: "together", baseUrl: "https://api.together.xyz/v1" },
  xai: { dialect: "xai", baseUrl: "https://api.x.ai/v1" },
};

/** LiteLLM finds the provider of a bare model by its name. */
const BARE_MODELS: readonly (readonly [RegExp, string])[] = [
  [/^claude/, "anthropic"],
  [/^gemini/, "gemini"],
];

/** `openai/gpt-5` -> openai and gpt-5. */
export function splitModel(model: string): { readonly provider: string; readonly model: string } {
  const slash = model.indexOf("/");
  if (slash > 0) return { provider: model.slice(0, slash), model: model.slice(slash + 1) };
  const known = BARE_MODELS.find(([pattern]) => pattern.test(model));
  return { provider: known?.[1] ?? "openai", model };
}
