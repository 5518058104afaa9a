/** Reads Cohere's streams: v2's named events, and v1's `event_type` inside the data. */
import type { Usage } from "../../core/demand.ts";
import type { JsonObject, StreamEvent, StreamReader } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { isObject, jsonText, parseJson, textIn } from "../body/json-fields.ts";
import { createOpenAiStreamReader } from "../openai/stream.ts";
import { cohereUsage } from "./usage.ts";

const BOOKKEEPING: StreamEvent = Object.freeze({ kind: "bookkeeping" });
const END: StreamEvent = Object.freeze({ kind: "end" });
const CONTENT =
  /^(?:content-delta|tool-call-delta|tool-plan-delta|citation-start|text-generation)$/;
/** How v1's last event says that the answer did not end well. */
const FAILED = /^ERROR(?:_TOXIC|_LIMIT)?$/;

export function createCohereStreamReader(readError: (error: unknown) => Verdict): StreamReader {
  const likeOpenAi = createOpenAiStreamReader(readError);
  let told: Usage | null = null;
  const read = (event: string, data: string): StreamEvent => {
    const json = parseJson(data);
    if (!isObject(json)) return likeOpenAi.read(event, data);
    const type = textIn(json["type"]) ?? textIn(json["event_type"]) ?? event;
    if (CONTENT.test(type)) return { kind: "content", textLength: textLengthOf(json) };
    if (type !== "message-end" && type !== "stream-end") {
      return json["choices"] === undefined && json["error"] === undefined && type !== "error"
        ? BOOKKEEPING
        : likeOpenAi.read(event, data);
    }
    const end = isObject(json["delta"]) ? json["delta"] : json;
    const response = isObject(end["response"]) ? end["response"] : end;
    told = cohereUsage(response["usage"] ?? response["meta"]) ?? told;
    const reason = textIn(end["finish_reason"]) ?? "";
    return FAILED.test(reason) ? { kind: "error", verdict: readError(end) } : END;
  };
  return { read, usage: () => told ?? likeOpenAi.usage() };
}

function textLengthOf(event: JsonObject): number {
  const text = textIn(event["text"]);
  if (text !== null) return text.length;
  const message = isObject(event["delta"]) ? event["delta"]["message"] : null;
  const content = isObject(message) ? message["content"] : null;
  const inner = isObject(content) ? textIn(content["text"]) : null;
  return (inner ?? jsonText(message)).length;
}
