/** Reads a request's body, up to a bound. */
import type { IncomingMessage } from "node:http";

/** Anthropic's documented bound for a request; OpenAI names none. */
export const MAX_BODY_BYTES = 32 * 1_024 * 1_024;

export type RawBody =
  | { readonly kind: "body"; readonly bytes: Buffer }
  | { readonly kind: "too-large" }
  | { readonly kind: "aborted" };

/** Never rejects. What comes beyond the bound is thrown away by Node once the answer is sent. */
export function readBody(request: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<RawBody> {
  if (Number(request.headers["content-length"]) > maxBytes)
    return Promise.resolve({ kind: "too-large" });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) return chunks.push(chunk);
      chunks.length = 0;
      return resolve({ kind: "too-large" });
    });
    request.once("end", () => resolve({ kind: "body", bytes: join(chunks) }));
    request.once("error", () => resolve({ kind: "aborted" }));
    request.once("close", () => resolve({ kind: "aborted" }));
  });
}

/** The JSON value in a body; undefined when it is none. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

function join(chunks: readonly Buffer[]): Buffer {
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}
