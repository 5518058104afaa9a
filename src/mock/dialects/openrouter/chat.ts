/** OpenRouter's chat completions: OpenAI's, with the provider, the cost, and errors under status 200. */
import type { Call } from "../../answer/call.ts";
import { jsonReply } from "../../failure.ts";
import { type ChatFlavour, OPENAI_CHAT } from "../openai/chat-writer.ts";

const PROVIDER = "Mock";
const DISCONNECTED = { code: 502, message: "Provider disconnected unexpectedly" };
/** Of any model, so that sums can be checked: a millionth of a dollar for each token. */
const USD_PER_TOKEN = 1e-6;

export const OPENROUTER_CHAT: ChatFlavour = {
  ...OPENAI_CHAT,
  idPrefix: "gen-",
  head: () => ({ provider: PROVIDER }),
  choice: (finishReason) => ({ native_finish_reason: finishReason }),
  usage: ({ inputTokens, outputTokens }) => ({
    cost: (inputTokens + outputTokens) * USD_PER_TOKEN,
    is_byok: false,
  }),
  opening: () => ": OPENROUTER PROCESSING\n\n",
  tellsUsage: true,
  failure: (head) => ({
    ...head,
    error: DISCONNECTED,
    choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }],
  }),
};

/** What goes wrong once the provider has begun is told under status 200, without a stream too. */
export function failsUnderSuccess(call: Call): Call {
  const wholeFailure = () =>
    jsonReply(200, { error: { ...DISCONNECTED, metadata: { provider_name: PROVIDER } } });
  return {
    ...call,
    writer: (answer, books) => ({ ...call.writer(answer, books), wholeFailure }),
  };
}
