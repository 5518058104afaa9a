/** Bedrock's Converse: writes the answer, whole or as the documented sequence of frames. */
import type { Answer, AnswerWriter } from "../../answer/call.ts";
import { sliceTokens } from "../../answer/text.ts";
import { jsonReply } from "../../failure.ts";
import { eventFrame, exceptionFrame } from "./event-stream.ts";
import { EVENT_STREAM, STREAM_EXCEPTION } from "./stream-failure.ts";

export function converseWriter(answer: Answer): AnswerWriter {
  const block = { contentBlockIndex: 0 };
  return {
    whole: () => jsonReply(200, wholeOf(answer)),
    streamType: EVENT_STREAM,
    opening() {
      const start = eventFrame("messageStart", { role: "assistant" });
      if (answer.toolName === null) return start;
      const toolUse = { toolUseId: toolId(answer), name: answer.toolName };
      return Buffer.concat([
        start,
        eventFrame("contentBlockStart", { ...block, start: { toolUse } }),
      ]);
    },
    delta(from, to) {
      const text = sliceTokens(answer.text, from, to);
      const delta = answer.toolName === null ? { text } : { toolUse: { input: text } };
      return eventFrame("contentBlockDelta", { ...block, delta });
    },
    closing: () =>
      Buffer.concat([
        eventFrame("contentBlockStop", block),
        eventFrame("messageStop", { stopReason: stopReason(answer) }),
        eventFrame("metadata", { usage: usageOf(answer), metrics: { latencyMs: 1 } }),
      ]),
    failure: () => exceptionFrame(...STREAM_EXCEPTION),
  };
}

function wholeOf(answer: Answer): object {
  const { toolName: name, text } = answer;
  const block =
    name === null
      ? { text }
      : { toolUse: { toolUseId: toolId(answer), name, input: parseInput(text) } };
  return {
    output: { message: { role: "assistant", content: [block] } },
    stopReason: stopReason(answer),
    usage: usageOf(answer),
    metrics: { latencyMs: 1 },
  };
}

/** Arguments that the bound has cut are no JSON. */
function parseInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function stopReason(answer: Answer): string {
  if (answer.isCut) return "max_tokens";
  return answer.toolName === null ? "end_turn" : "tool_use";
}

function toolId(answer: Answer): string {
  return `tooluse_${answer.id}`;
}

/** What came from the prompt cache is not part of `inputTokens`. */
function usageOf({ inputTokens, cachedTokens, outputTokens }: Answer): object {
  return {
    inputTokens: inputTokens - cachedTokens,
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    cacheReadInputTokens: cachedTokens,
    cacheWriteInputTokens: 0,
  };
}
