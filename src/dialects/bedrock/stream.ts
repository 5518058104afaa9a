/** Reads Bedrock's streams, event by event: the frame's type is the event's name, its payload the data. */
import type { Usage } from "../../core/demand.ts";
import type { StreamEvent, StreamReader } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { isObject, parseJson, textIn } from "../body/json-fields.ts";
import { converseUsage } from "./usage.ts";

const BOOKKEEPING: StreamEvent = Object.freeze({ kind: "bookkeeping" });
const END: StreamEvent = Object.freeze({ kind: "end" });

export function createBedrockStreamReader(readError: (error: unknown) => Verdict): StreamReader {
  let told: Usage | null = null;
  const read = (event: string, data: string): StreamEvent => {
    const json = parseJson(data);
    const frame = isObject(json) ? json : {};
    if (event === "error" || event.endsWith("Exception")) {
      const verdict = readError({ ...frame, code: event === "error" ? frame["code"] : event });
      return { kind: "error", verdict };
    }
    if (isObject(frame["error"])) return { kind: "error", verdict: readError(frame["error"]) };
    told = converseUsage(frame["usage"]) ?? told;
    if (event === "contentBlockDelta") return deltaOf(frame["delta"]);
    if (event === "chunk")
      return { kind: "content", textLength: textIn(frame["bytes"])?.length ?? 0 };
    return event === "messageStop" ? END : BOOKKEEPING;
  };
  return { read, usage: () => told };
}

function deltaOf(delta: unknown): StreamEvent {
  if (!isObject(delta)) return BOOKKEEPING;
  const tool = isObject(delta["toolUse"]) ? textIn(delta["toolUse"]["input"]) : null;
  const text = textIn(delta["text"]) ?? tool;
  return { kind: "content", textLength: text?.length ?? 0 };
}
