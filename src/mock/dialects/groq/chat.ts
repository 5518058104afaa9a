/** Groq's chat completions: OpenAI's, with the id and the usage in `x_groq`, and times. */
import { type ChatFlavour, OPENAI_CHAT } from "../openai/chat-writer.ts";

export const GROQ_CHAT: ChatFlavour = {
  ...OPENAI_CHAT,
  head: ({ id }, isChunk) => ({
    system_fingerprint: "fp_mock",
    ...(isChunk ? {} : { x_groq: { id: `req_${id}` }, service_tier: "on_demand" }),
  }),
  usage: () => ({ queue_time: 0.01, prompt_time: 0.001, completion_time: 0.1, total_time: 0.101 }),
  closing: ({ id }, usage) => ({ x_groq: { id: `req_${id}`, usage } }),
};
