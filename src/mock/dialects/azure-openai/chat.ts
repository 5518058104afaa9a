/** Azure OpenAI's chat completions: OpenAI's, with what the content filter found. */
import { type ChatFlavour, OPENAI_CHAT } from "../openai/chat-writer.ts";

const SAFE = { filtered: false, severity: "safe" };
const FOUND_NOTHING = { hate: SAFE, self_harm: SAFE, sexual: SAFE, violence: SAFE };
const PROMPT_RESULTS = [{ prompt_index: 0, content_filter_results: FOUND_NOTHING }];

export const AZURE_CHAT: ChatFlavour = {
  ...OPENAI_CHAT,
  head: (_, isChunk) => ({
    system_fingerprint: "fp_mock",
    ...(isChunk ? {} : { prompt_filter_results: PROMPT_RESULTS }),
  }),
  choice: (finishReason) => ({
    content_filter_results: finishReason === null ? {} : FOUND_NOTHING,
  }),
  // The verdict on the prompt comes first, in a chunk without choices.
  opening: (chunk) => chunk({ prompt_filter_results: PROMPT_RESULTS }),
};
