/** All dialects by name: a new provider is one file and one line here. */
import type { Dialect } from "../core/dialect.ts";
import { anthropic } from "./anthropic.ts";
import { bedrock } from "./bedrock.ts";
import { cohere } from "./cohere.ts";
import { azureOpenAi } from "./compatible/azure-openai.ts";
import { cerebras } from "./compatible/cerebras.ts";
import { dashScope } from "./compatible/dashscope.ts";
import { deepseek } from "./compatible/deepseek.ts";
import { fireworks } from "./compatible/fireworks.ts";
import { groq } from "./compatible/groq.ts";
import { huggingFace } from "./compatible/huggingface.ts";
import { minimax } from "./compatible/minimax.ts";
import { mistral } from "./compatible/mistral.ts";
import { moonshot } from "./compatible/moonshot.ts";
import { nvidia } from "./compatible/nvidia.ts";
import { ollama } from "./compatible/ollama.ts";
import { openRouter } from "./compatible/openrouter.ts";
import { perplexity } from "./compatible/perplexity.ts";
import { together } from "./compatible/together.ts";
import { vllm } from "./compatible/vllm.ts";
import { xai } from "./compatible/xai.ts";
import { zai } from "./compatible/zai.ts";
import { generic } from "./generic.ts";
import { ga4 } from "./google/ga4.ts";
import { gemini } from "./google/gemini.ts";
import { googleAds } from "./google/google-ads.ts";
import { vertex } from "./google/vertex.ts";
import { openai } from "./openai.ts";
import { github } from "./platforms/github.ts";
import { hubspot } from "./platforms/hubspot.ts";
import { klaviyo } from "./platforms/klaviyo.ts";
import { mailchimp } from "./platforms/mailchimp.ts";
import { marketo } from "./platforms/marketo.ts";
import { meta } from "./platforms/meta.ts";
import { notion } from "./platforms/notion.ts";
import { salesforce } from "./platforms/salesforce.ts";
import { salesforceMarketingCloud } from "./platforms/salesforce-marketing-cloud.ts";
import { shopify } from "./platforms/shopify.ts";
import { slack } from "./platforms/slack.ts";
import { stripe } from "./platforms/stripe.ts";

/** A dialect, and the other names that mean it, as people and `classify` write them. */
const ENTRIES: readonly (readonly [dialect: Dialect, ...aliases: string[]])[] = [
  [openai, "openai-compatible"],
  [anthropic],
  [generic, "ietf-draft", "microsoft-graph"],
  [azureOpenAi],
  [bedrock, "aws-bedrock"],
  [cerebras],
  [cohere],
  [dashScope, "alibaba-dashscope"],
  [deepseek],
  [fireworks],
  [gemini, "google-gemini", "google-code-assist"],
  [groq],
  [huggingFace],
  [minimax],
  [mistral],
  [moonshot],
  [nvidia, "nvidia-nim"],
  [ollama, "ollama-cloud"],
  [openRouter],
  [perplexity],
  [together],
  [vertex, "google-vertex"],
  [vllm],
  [xai],
  [zai],
  [ga4, "google-analytics", "google-analytics-data"],
  [github],
  [googleAds],
  [hubspot],
  [klaviyo],
  [mailchimp],
  [marketo],
  [meta, "meta-marketing"],
  [notion],
  [salesforce],
  [salesforceMarketingCloud],
  [shopify],
  [slack],
  [stripe],
];

const BY_NAME: ReadonlyMap<string, Dialect> = new Map(
  ENTRIES.flatMap(([dialect, ...aliases]) =>
    [dialect.name, ...aliases].map((name) => [name, dialect] as const),
  ),
);

/** All dialects, each under its own name. */
export const DIALECTS: readonly Dialect[] = ENTRIES.map(([dialect]) => dialect);

/** The names that configuration may use: of dialects, and providers' that mean one of them. */
export const DIALECT_NAMES: readonly string[] = [...BY_NAME.keys()];

/** The dialect of that name or alias; null if there is none, and the caller decides whether generic will do. */
export function dialectNamed(name: string): Dialect | null {
  return BY_NAME.get(name) ?? null;
}

export { generic };
