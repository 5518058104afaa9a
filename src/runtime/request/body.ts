/** Body: the request's JSON as the dialects read it, and the bytes as they are sent. */
import type { JsonObject } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import { parseExactly } from "../../dialects/body/exact-json.ts";
import { DEEPEST_BODY } from "./large/nesting.ts";

const METADATA_PREFIX = "sluice_";

/** A JSON object's bytes as an object; null if it is no JSON object. */
export function parseJsonObject(bytes: Uint8Array | string): JsonObject | null {
  const text =
    typeof bytes === "string"
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  try {
    const value = parseExactly(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** @throws SluiceError `invalid_request` when what was parsed is not a JSON object. */
export function requireObject(object: JsonObject | null): JsonObject {
  if (object === null) {
    throw new SluiceError(
      "invalid_request",
      `the request body is not a JSON object of at most ${DEEPEST_BODY} levels`,
    );
  }
  return object;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The claims in `metadata.sluice_*`. */
export function metadataClaims(body: JsonObject | null): (name: string) => string | undefined {
  const metadata = body?.metadata;
  if (!isJsonObject(metadata)) return () => undefined;
  return (name) => {
    const value = metadata[METADATA_PREFIX + name.replaceAll("-", "_")];
    return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  };
}

export interface BodyChanges {
  /** The model to name upstream, if it differs from the client's. */
  readonly model: string | null;
  /** Ask an OpenAI chat stream for its usage. */
  readonly addsUsage: boolean;
}

/** The bytes to send: the client's own, unless something has to be changed. */
export function outboundBody(
  bytes: Uint8Array | string,
  body: JsonObject,
  changes: BodyChanges,
): Uint8Array | string {
  const metadata = withoutClaims(body.metadata);
  if (changes.model === null && metadata === body.metadata) {
    if (!changes.addsUsage) return bytes;
    if (body.stream_options === undefined) return withUsageOption(bytes);
  }
  const changed: Record<string, unknown> = { ...body };
  if (changes.model !== null) changed.model = changes.model;
  if (metadata !== body.metadata) changed.metadata = metadata;
  if (changes.addsUsage) {
    const options = isJsonObject(body.stream_options) ? body.stream_options : {};
    changed.stream_options = { ...options, include_usage: true };
  }
  return JSON.stringify(changed);
}

const USAGE_OPTION = ',"stream_options":{"include_usage":true}}';

/** Added before the brace that ends the object: what the client wrote stays as it wrote it. */
function withUsageOption(bytes: Uint8Array | string): Uint8Array | string {
  if (typeof bytes === "string") return bytes.slice(0, bytes.lastIndexOf("}")) + USAGE_OPTION;
  const end = bytes.lastIndexOf("}".charCodeAt(0));
  return Buffer.concat([bytes.subarray(0, end), Buffer.from(USAGE_OPTION)]);
}

/** The metadata without what is meant for Sluice; the same value if there was nothing of it. */
/** The body without the claims, for whoever reads all of its fields. */
export function unclaimed(body: JsonObject): JsonObject {
  const metadata = withoutClaims(body.metadata);
  return metadata === body.metadata ? body : { ...body, metadata };
}

function withoutClaims(metadata: unknown): unknown {
  if (!isJsonObject(metadata)) return metadata;
  const entries = Object.entries(metadata);
  const kept = entries.filter(([name]) => !name.startsWith(METADATA_PREFIX));
  if (kept.length === entries.length) return metadata;
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** Must Sluice ask for usage, because the client of an OpenAI chat stream did not? */
export function lacksUsage(path: string, body: JsonObject): boolean {
  if (!path.endsWith("/chat/completions") || body.stream !== true) return false;
  return !isJsonObject(body.stream_options) || body.stream_options.include_usage !== true;
}
