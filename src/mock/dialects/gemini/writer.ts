/** Gemini's answers: whole, as server-sent events, or as one JSON array that grows. */
import type { Answer, AnswerWriter } from "../../answer/call.ts";
import { sliceTokens } from "../../answer/text.ts";
import { jsonReply } from "../../failure.ts";
import { googleError } from "../google/google-error.ts";

/** `array` is what a stream is without `alt=sse`. */
export type StreamForm = "whole" | "events" | "array";

const OVERLOADED = googleError(503, "The model is overloaded. Please try again later.");

export function geminiWriter(answer: Answer, form: StreamForm): AnswerWriter {
  let sent = 0;
  const piece = (content: object): string => {
    const json = JSON.stringify(content);
    if (form === "events") return `data: ${json}\r\n\r\n`;
    return `${sent++ === 0 ? "[" : ",\r\n"}${json}`;
  };
  const delta = (from: number, to: number) => {
    const parts = partsOf(answer, from, to);
    const usage = usageOf({ ...answer, outputTokens: to });
    return parts.length === 0 ? "" : piece(chunkOf(answer, parts, null, usage));
  };
  return {
    whole: () => {
      const parts = partsOf(answer, 0, answer.outputTokens);
      return jsonReply(200, chunkOf(answer, parts, finishReason(answer), usageOf(answer)));
    },
    streamType: form === "events" ? "text/event-stream" : "application/json; charset=UTF-8",
    opening: () => "",
    delta,
    closing() {
      const last = piece(chunkOf(answer, [{ text: "" }], finishReason(answer), usageOf(answer)));
      return form === "events" ? last : `${last}]`;
    },
    failure: () => (form === "events" ? piece(OVERLOADED) : `${piece(OVERLOADED)}]`),
  };
}

function chunkOf(
  answer: Answer,
  parts: readonly object[],
  finish: string | null,
  usageMetadata: object,
): object {
  const candidate = {
    content: { parts, role: "model" },
    ...(finish !== null && { finishReason: finish }),
    index: 0,
  };
  const { id: responseId, model: modelVersion } = answer;
  return { candidates: [candidate], usageMetadata, modelVersion, responseId };
}

/** A call of a function never comes in pieces: it stands in the one that completes it. */
function partsOf(answer: Answer, from: number, to: number): object[] {
  if (answer.toolName === null) return [{ text: sliceTokens(answer.text, from, to) }];
  if (to < answer.outputTokens) return [];
  return [{ functionCall: { name: answer.toolName, args: parseArguments(answer.text) } }];
}

/** Arguments that the bound has cut are no JSON. */
function parseArguments(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function finishReason(answer: Answer): string {
  return answer.isCut ? "MAX_TOKENS" : "STOP";
}

function usageOf({ inputTokens, cachedTokens, outputTokens }: Answer): object {
  return {
    promptTokenCount: inputTokens,
    ...(cachedTokens > 0 && { cachedContentTokenCount: cachedTokens }),
    candidatesTokenCount: outputTokens,
    totalTokenCount: inputTokens + outputTokens,
    promptTokensDetails: [{ modality: "TEXT", tokenCount: inputTokens }],
  };
}
