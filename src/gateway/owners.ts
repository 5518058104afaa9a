/** Owners: which upstream made a response, file or batch, so that a request that names it returns there. */
import type { JsonObject } from "../core/dialect.ts";

/** The latest are remembered; older ones go to the first upstream of their dialect. */
const REMEMBERED = 50_000;

const CREATES = /^\/v1\/(?:responses|files|batches|messages\/batches)$/;
const NAMES = /^\/v1\/(?:responses|files|batches|messages\/batches)\/([^/?]+)/;
const ID = /"id"\s*:\s*"((?:resp|file|batch|msgbatch)[_-][\w-]+)"/;

export class Owners {
  readonly #upstreamById = new Map<string, string>();

  creates(method: string, path: string): boolean {
    return method === "POST" && CREATES.test(path);
  }

  /** Reads the id from the beginning of an answer. */
  remember(answer: Uint8Array, upstream: string): void {
    const [, id] = ID.exec(Buffer.from(answer).toString("utf8", 0, 4_096)) ?? [];
    if (id === undefined) return;
    if (this.#upstreamById.size >= REMEMBERED) {
      const oldest = this.#upstreamById.keys().next().value;
      if (oldest !== undefined) this.#upstreamById.delete(oldest);
    }
    this.#upstreamById.set(id, upstream);
  }

  /** The upstream that made what the path or the body names; null: unknown. */
  ownerOf(path: string, body: JsonObject | null): string | null {
    const [, id] = NAMES.exec(path) ?? [];
    const named = id ?? body?.previous_response_id ?? body?.input_file_id;
    return typeof named === "string" ? (this.#upstreamById.get(named) ?? null) : null;
  }
}
