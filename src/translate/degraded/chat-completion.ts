/** A degraded answer in OpenAI's chat format. */
import type { JsonObject } from "../../core/dialect.ts";
import type { ServerEvent } from "../translation.ts";
import type { DegradedText } from "./degraded-text.ts";

const USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

export function chatCompletion(answer: DegradedText, id = `chatcmpl-${answer.id}`): JsonObject {
  const message = { role: "assistant", content: answer.text, refusal: null };
  return {
    ...head(answer, "chat.completion", id),
    choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
    usage: USAGE,
  };
}

export function chatChunks(answer: DegradedText, id = `chatcmpl-${answer.id}`): ServerEvent[] {
  const shared = head(answer, "chat.completion.chunk", id);
  const told = answer.includesUsage ? { usage: null } : {};
  const chunk = (fields: object) => ({
    event: null,
    data: JSON.stringify({ ...shared, ...fields }),
  });
  const choice = (delta: object, finish_reason: string | null) =>
    chunk({ choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...told });
  return [
    choice({ role: "assistant", content: answer.text }, null),
    choice({}, "stop"),
    ...(answer.includesUsage ? [chunk({ choices: [], usage: USAGE })] : []),
    { event: null, data: "[DONE]" },
  ];
}

function head({ model, createdAtSeconds }: DegradedText, object: string, id: string): JsonObject {
  return { id, object, created: createdAtSeconds, model };
}
