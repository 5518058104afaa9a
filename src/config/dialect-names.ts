/** Dialect names: the dialects an upstream may be configured with. */

const DIALECTS = [
  "openai",
  "anthropic",
  "gemini",
  "hubspot",
  "salesforce",
  "mailchimp",
  "ga4",
  "generic",
] as const;

/** Providers by name, each spoken to in the dialect that is nearest. */
const PROVIDERS = [
  "alibaba-dashscope",
  "aws-bedrock",
  "azure-openai",
  "cerebras",
  "cohere",
  "deepseek",
  "fireworks",
  "github",
  "google-ads",
  "google-analytics",
  "google-analytics-data",
  "google-code-assist",
  "google-gemini",
  "google-vertex",
  "groq",
  "huggingface",
  "ietf-draft",
  "klaviyo",
  "marketo",
  "meta-marketing",
  "microsoft-graph",
  "minimax",
  "mistral",
  "moonshot",
  "notion",
  "nvidia-nim",
  "ollama-cloud",
  "openai-compatible",
  "openrouter",
  "salesforce-marketing-cloud",
  "shopify",
  "stripe",
  "together",
  "vllm",
  "xai",
  "zai",
] as const;

export const DIALECT_NAMES = [...DIALECTS, ...PROVIDERS] as const;
export type DialectName = (typeof DIALECT_NAMES)[number];
