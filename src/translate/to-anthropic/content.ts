/** Content parts of OpenAI's messages to Anthropic's blocks: text, images, PDF. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject } from "../../dialects/body/json-fields.ts";
import { checkFields } from "../fields/field-rule.ts";
import {
  OPENAI_FILE_FIELDS,
  OPENAI_IMAGE_FIELDS,
  OPENAI_PART_FIELDS,
} from "../fields/openai-chat-fields.ts";
import type { Findings } from "../untranslatable.ts";

/** Anthropic, Vision: "We currently support the base64 source type for images, and image/jpeg ... media types". */
const IMAGE_TYPES = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w=-]+)*;base64,([A-Za-z0-9+/=_-]+)$/;

type Part = keyof typeof OPENAI_PART_FIELDS;

/** A string, or a list of parts; texts of white space alone are left out, because Anthropic refuses them. */
export function blocksOf(content: unknown, path: string, findings: Findings): JsonObject[] {
  if (typeof content === "string") return textBlocks(content);
  if (content === undefined || content === null) return [];
  if (!Array.isArray(content)) {
    findings.add(path, "neither a text nor a list of parts");
    return [];
  }
  return content.flatMap((part, i) => blocksOfPart(part, `${path}[${i}]`, findings));
}

export function textBlocks(text: unknown): JsonObject[] {
  return typeof text === "string" && text.trim() !== "" ? [{ type: "text", text }] : [];
}

function blocksOfPart(part: unknown, path: string, findings: Findings): JsonObject[] {
  if (!isObject(part) || !isPart(part["type"])) {
    findings.add(path, "this kind of part is not known");
    return [];
  }
  checkFields(part, OPENAI_PART_FIELDS[part["type"]], path, findings);
  switch (part["type"]) {
    case "text":
      if (typeof part["text"] !== "string") findings.add(path, "a text part without a text");
      return textBlocks(part["text"]);
    case "refusal":
      return textBlocks(part["refusal"]);
    case "image_url":
      return imageBlock(part["image_url"], `${path}.image_url`, findings);
    case "file":
      return documentBlock(part["file"], `${path}.file`, findings);
    case "input_audio":
      return [];
  }
}

function isPart(type: unknown): type is Part {
  return typeof type === "string" && Object.hasOwn(OPENAI_PART_FIELDS, type);
}

function imageBlock(image: unknown, path: string, findings: Findings): JsonObject[] {
  if (!isObject(image) || typeof image["url"] !== "string") {
    findings.add(path, "an image without a URL");
    return [];
  }
  checkFields(image, OPENAI_IMAGE_FIELDS, path, findings);
  const url = image["url"];
  if (url.startsWith("https://")) return [{ type: "image", source: { type: "url", url } }];
  const [, mediaType, data] = DATA_URL.exec(url) ?? [];
  if (mediaType !== undefined && IMAGE_TYPES.includes(mediaType)) {
    return [{ type: "image", source: { type: "base64", media_type: mediaType, data } }];
  }
  findings.add(path, "Claude takes images from https URLs, and JPEG, PNG, GIF and WebP as base64");
  return [];
}

function documentBlock(file: unknown, path: string, findings: Findings): JsonObject[] {
  if (!isObject(file)) {
    findings.add(path, "a file that is no object");
    return [];
  }
  checkFields(file, OPENAI_FILE_FIELDS, path, findings);
  const [, mediaType, data] = DATA_URL.exec(String(file["file_data"] ?? "")) ?? [];
  if (mediaType !== "application/pdf") {
    findings.add(path, "only a PDF in a base64 data URL is a document for both");
    return [];
  }
  const source = { type: "base64", media_type: mediaType, data };
  const name = file["filename"];
  return [{ type: "document", source, ...(typeof name === "string" ? { title: name } : {}) }];
}
