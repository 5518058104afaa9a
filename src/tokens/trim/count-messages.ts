/** Counts messages and what is sent beside them, text by text, with whatever counter is given. */
import type { JsonObject } from "../../core/dialect.ts";
import { type CountTokens, estimateTokens } from "./count-tokens.ts";
import { type ChatMessage, isObject } from "./message.ts";

/** OpenAI cookbook, "How to count tokens": role and separators of each message. */
export const TOKENS_PER_MESSAGE = 4;
/** Anthropic, Vision: about 1,600 at most; OpenAI's images are cheaper. */
const TOKENS_PER_IMAGE = 1_600;
/** Anthropic, PDF support: 1,500 to 3,000 tokens a page; about 100 kB of base64 make a page. */
const TOKENS_PER_PAGE = 3_000;
const CHARACTERS_PER_PAGE = 100_000;
/** Names of form rather than content: they become separators, which {@link TOKENS_PER_MESSAGE} stands for. */
const FORM = new Set(["role", "type", "cache_control", "signature", "detail", "media_type"]);
/** Written as JSON by the provider. */
const JSON_FIELDS = new Set(["input", "parameters", "input_schema", "schema"]);
/** Blocks in results in messages; deeper is no valid request. */
const DEEPEST = 8;

/** Tokens of one message of either format: its texts, calls and results, and an estimate for images and documents. */
export function countMessage(message: ChatMessage, count: CountTokens = estimateTokens): number {
  return TOKENS_PER_MESSAGE + countValue(message, count, 0);
}

/** Tokens of what goes with every request: `system`, `tools`, and a schema for the answer. */
export function countFixed(body: JsonObject, count: CountTokens = estimateTokens): number {
  const { system, tools, functions, response_format, output_config } = body;
  return [system, tools, functions, response_format, output_config].reduce<number>(
    (sum, value) => sum + countValue(value, count, 0),
    0,
  );
}

function countValue(value: unknown, count: CountTokens, depth: number): number {
  if (typeof value === "string") return value === "" ? 0 : count(value);
  if (depth > DEEPEST) return count(JSON.stringify(value) ?? "");
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, one) => sum + countValue(one, count, depth + 1), 0);
  }
  if (!isObject(value)) return 0;
  const media = mediaTokens(value);
  if (media !== null) return media;
  return Object.entries(value).reduce((sum, [name, child]) => {
    if (FORM.has(name) || child === undefined) return sum;
    const isJson = JSON_FIELDS.has(name) && typeof child === "object";
    return sum + countValue(isJson ? JSON.stringify(child) : child, count, depth + 1);
  }, 0);
}

/** Base64 is not read as text by any model. */
function mediaTokens(block: JsonObject): number | null {
  const { type, source, file } = block;
  if (type === "image_url" || type === "image" || type === "input_audio") return TOKENS_PER_IMAGE;
  if (type === "file") return pages(isObject(file) ? file["file_data"] : null);
  if (type !== "document" || !isObject(source) || source["type"] === "text") return null;
  return source["type"] === "content" ? null : pages(source["data"]);
}

function pages(data: unknown): number {
  const characters = typeof data === "string" ? data.length : 0;
  return TOKENS_PER_PAGE * Math.max(1, Math.ceil(characters / CHARACTERS_PER_PAGE));
}
