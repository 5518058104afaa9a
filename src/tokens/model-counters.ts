/** Model counters: which public encoding counts for a model, and how its own tokens compare. */
import type { EncodingName } from "./bpe/encoding-names.ts";

/** Vocabularies that were measured against o200k; `openai` is o200k or cl100k itself. */
export type Family =
  | "openai"
  | "claude"
  | "llama2"
  | "llama3"
  | "mistral"
  | "gemini"
  | "qwen"
  | "deepseek"
  | "unknown";

export interface ModelCounter {
  /** Names the way of counting. */
  readonly name: string;
  readonly encoding: EncodingName;
  readonly family: Family;
}

const O200K: ModelCounter = { name: "o200k_base", encoding: "o200k_base", family: "openai" };
const CL100K: ModelCounter = { name: "cl100k_base", encoding: "cl100k_base", family: "openai" };
const UNKNOWN = ofFamily("unknown");

/**
 * By how a name begins, once provider and folder are gone ("openai/gpt-5", "ft:gpt-4o:acme").
 * OpenAI's encodings: tiktoken, `MODEL_TO_ENCODING` and `MODEL_PREFIX_TO_ENCODING`.
 */
const COUNTERS: readonly (readonly [RegExp, ModelCounter])[] = [
  [/^gpt-4(?:o|\.[15])|^chatgpt-4o/, O200K],
  [/^gpt-(?:4|3\.?5)|^text-embedding-|^(?:davinci|babbage)-002/, CL100K],
  [/^(?:gpt|o\d|codex|chatgpt|computer-use)/, O200K],
  [/claude/, ofFamily("claude")],
  [/llama-?2|codellama/, ofFamily("llama2")],
  [/llama/, ofFamily("llama3")],
  [/mi[sx]tral|codestral|devstral|magistral|pixtral/, ofFamily("mistral")],
  [/gemini|gemma/, ofFamily("gemini")],
  [/qwen|qwq/, ofFamily("qwen")],
  [/deepseek/, ofFamily("deepseek")],
];

/** Models asked for lately: names come from clients, so they are bounded. */
const REMEMBERED_MODELS = 1_024;
const known = new Map<string, ModelCounter>();

/** Null is a request that names no model. */
export function counterOf(model: string | null): ModelCounter {
  if (model === null) return UNKNOWN;
  const found = known.get(model);
  if (found !== undefined) return found;
  if (known.size >= REMEMBERED_MODELS) known.clear();
  const counter = matchCounter(model);
  known.set(model, counter);
  return counter;
}

function matchCounter(model: string): ModelCounter {
  const name = model.toLowerCase().replace(/^ft:/, "").replace(/^.*\//, "");
  return COUNTERS.find(([pattern]) => pattern.test(name))?.[1] ?? UNKNOWN;
}

function ofFamily(family: Family): ModelCounter {
  return { name: family, encoding: "o200k_base", family };
}
