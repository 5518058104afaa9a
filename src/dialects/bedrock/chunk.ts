/** Chunk: one piece of an answer in a model's own format, as `invoke-with-response-stream` wraps it. */
import type { Usage } from "../../core/demand.ts";
import type { JsonObject } from "../../core/dialect.ts";
import { amountIn, isObject, parseJson, textIn } from "../body/json-fields.ts";

/** Of a frame's `bytes`, which are JSON in base64; null: they are none. */
export function chunkIn(frame: JsonObject): JsonObject | null {
  const encoded = textIn(frame["bytes"]);
  if (encoded === null) return null;
  const json = parseJson(Buffer.from(encoded, "base64").toString("utf8"));
  return isObject(json) ? json : null;
}

/** The last chunk tells what Bedrock itself has counted, whatever the model. */
export function invocationUsage(chunk: JsonObject): Usage | null {
  const metrics = chunk["amazon-bedrock-invocationMetrics"];
  if (!isObject(metrics)) return null;
  const fresh = amountIn(metrics["inputTokenCount"]);
  const output = amountIn(metrics["outputTokenCount"]);
  if (fresh === null && output === null) return null;
  const read = amountIn(metrics["cacheReadInputTokenCount"]) ?? 0;
  const written = amountIn(metrics["cacheWriteInputTokenCount"]) ?? 0;
  return {
    inputTokens: (fresh ?? 0) + read + written,
    outputTokens: output ?? 0,
    cachedInputTokens: read,
  };
}

/** Nova's chunks hold one of Converse's events by its name. */
const CONVERSE_EVENTS = [
  "messageStart",
  "contentBlockStart",
  "contentBlockDelta",
  "contentBlockStop",
  "messageStop",
  "metadata",
];

/** Null: it is none of Converse's. */
export function converseEventIn(chunk: JsonObject): readonly [event: string, data: unknown] | null {
  const name = CONVERSE_EVENTS.find((event) => isObject(chunk[event]));
  return name === undefined ? null : [name, chunk[name]];
}

/** Characters that Llama, Titan, Mistral and those like OpenAI have generated; null: of an unknown form. */
export function generatedLength(chunk: JsonObject): number | null {
  for (const field of ["generation", "outputText", "completion", "text"]) {
    const text = chunk[field];
    if (typeof text === "string") return text.length;
  }
  for (const list of [chunk["outputs"], chunk["choices"], chunk["generations"]]) {
    if (Array.isArray(list)) return list.reduce((sum, one) => sum + lengthOf(one), 0);
  }
  return null;
}

function lengthOf(output: unknown): number {
  if (!isObject(output)) return 0;
  const delta = isObject(output["delta"]) ? output["delta"] : output;
  return (textIn(delta["text"]) ?? textIn(delta["content"]))?.length ?? 0;
}
