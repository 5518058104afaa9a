/** Anthropic's blocks to OpenAI's content parts. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject, textIn } from "../../dialects/body/json-fields.ts";
import {
  ANTHROPIC_BLOCK_FIELDS,
  ANTHROPIC_FOREIGN_BLOCKS,
  ANTHROPIC_SOURCE_FIELDS,
} from "../fields/anthropic-fields.ts";
import { checkFields } from "../fields/field-rule.ts";
import type { Findings } from "../untranslatable.ts";

export type BlockType = keyof typeof ANTHROPIC_BLOCK_FIELDS;

/** A block whose type is known; its fields are not yet looked at. */
export interface Block {
  readonly type: BlockType;
  readonly fields: JsonObject;
  readonly path: string;
}

const DEFAULT_FILE_NAME = "document.pdf";

/** A string is one text block. Blocks without a counterpart become findings; so do unknown fields. */
export function readBlocks(content: unknown, path: string, findings: Findings): Block[] {
  if (content === undefined || content === null) return [];
  const list = typeof content === "string" ? [{ type: "text", text: content }] : content;
  if (!Array.isArray(list)) {
    findings.add(path, "neither a text nor a list of blocks");
    return [];
  }
  return list.flatMap((block, i) => readBlock(block, `${path}[${i}]`, findings));
}

function readBlock(block: unknown, path: string, findings: Findings): Block[] {
  const type = isObject(block) ? block["type"] : null;
  if (isObject(block) && typeof type === "string") {
    if (Object.hasOwn(ANTHROPIC_BLOCK_FIELDS, type)) {
      const known = type as BlockType;
      checkFields(block, ANTHROPIC_BLOCK_FIELDS[known], path, findings);
      return [{ type: known, fields: block, path }];
    }
    if (Object.hasOwn(ANTHROPIC_FOREIGN_BLOCKS, type)) {
      const { note } = ANTHROPIC_FOREIGN_BLOCKS[type as keyof typeof ANTHROPIC_FOREIGN_BLOCKS];
      findings.add(path, note);
      return [];
    }
  }
  findings.add(path, "this kind of block is not known");
  return [];
}

/** Text, images and PDF; any other type is a finding, because it cannot stand where this is asked. */
export function partsOf(blocks: readonly Block[], findings: Findings): JsonObject[] {
  return blocks.flatMap((block) => {
    switch (block.type) {
      case "text":
        return textPart(block, findings);
      case "image":
        return imagePart(block, findings);
      case "document":
        return filePart(block, findings);
      default:
        findings.add(block.path, "cannot stand here");
        return [];
    }
  });
}

/** One text stays a string, as people write it. */
export function simpleContent(parts: readonly JsonObject[]): unknown {
  return parts.length === 1 && parts[0]["type"] === "text" ? parts[0]["text"] : parts;
}

function textPart({ fields, path }: Block, findings: Findings): JsonObject[] {
  const { text } = fields;
  if (typeof text === "string") return [{ type: "text", text }];
  findings.add(path, "a text block without a text");
  return [];
}

function sourceOf({ fields, path }: Block, findings: Findings): JsonObject {
  const source = isObject(fields["source"]) ? fields["source"] : {};
  checkFields(source, ANTHROPIC_SOURCE_FIELDS, `${path}.source`, findings);
  return source;
}

function imagePart(block: Block, findings: Findings): JsonObject[] {
  const source = sourceOf(block, findings);
  const { type, url, media_type, data } = source;
  if (type === "url") return [{ type: "image_url", image_url: { url } }];
  if (type === "base64") {
    return [{ type: "image_url", image_url: { url: `data:${media_type};base64,${data}` } }];
  }
  findings.add(`${block.path}.source`, "the image is at Anthropic");
  return [];
}

function filePart(block: Block, findings: Findings): JsonObject[] {
  const { fields, path } = block;
  const source = sourceOf(block, findings);
  const { type, media_type, data } = source;
  if (type !== "base64" || media_type !== "application/pdf") {
    findings.add(`${path}.source`, "only a PDF in base64 is a document for both");
    return [];
  }
  const filename = textIn(fields["title"]) ?? DEFAULT_FILE_NAME;
  return [{ type: "file", file: { filename, file_data: `data:${media_type};base64,${data}` } }];
}
