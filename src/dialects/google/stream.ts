/** Reads Gemini's streams: each event is a whole answer's next piece, and an error stands alone. */
import type { Usage } from "../../core/demand.ts";
import type { JsonObject, StreamEvent, StreamReader } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { isObject, jsonText, parseJson, textIn } from "../body/json-fields.ts";
import { geminiUsage } from "./usage.ts";

const BOOKKEEPING: StreamEvent = Object.freeze({ kind: "bookkeeping" });

export function createGeminiStreamReader(readError: (error: unknown) => Verdict): StreamReader {
  let told: Usage | null = null;
  const read = (event: string, data: string): StreamEvent => {
    if (data === "") return BOOKKEEPING;
    const json = parseJson(data);
    const chunk = Array.isArray(json) ? json[0] : json;
    if (!isObject(chunk)) {
      if (event === "error") return { kind: "error", verdict: readError(json ?? data) };
      return { kind: "content", textLength: data.length };
    }
    if (isObject(chunk["error"]) || textIn(chunk["error"]) !== null || event === "error") {
      return { kind: "error", verdict: readError(chunk) };
    }
    told = geminiUsage(chunk["usageMetadata"], told);
    return generatedBy(chunk["candidates"]);
  };
  return { read, usage: () => told };
}

/** The last piece may hold a reason to stop and no parts: nothing the user would miss. */
function generatedBy(candidates: unknown): StreamEvent {
  let length = 0;
  let carries = false;
  for (const candidate of Array.isArray(candidates) ? candidates : []) {
    const content = isObject(candidate) ? candidate["content"] : null;
    const parts = isObject(content) ? content["parts"] : null;
    for (const part of Array.isArray(parts) ? parts : []) {
      if (!isObject(part) || part["text"] === "") continue;
      carries = true;
      length += lengthOf(part);
    }
  }
  return carries ? { kind: "content", textLength: length } : BOOKKEEPING;
}

function lengthOf(part: JsonObject): number {
  const call = part["functionCall"];
  if (isObject(call)) return jsonText(call["args"]).length;
  return textIn(part["text"])?.length ?? 0;
}
