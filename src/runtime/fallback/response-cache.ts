/** Response cache: answers to exactly the same request of the same tenant, bounded in size and age. */
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { OutHeaders } from "../request/headers.ts";

export interface CachedResponse {
  readonly status: number;
  readonly headers: OutHeaders;
  readonly body: Uint8Array;
}

/** What makes two requests the same. */
export interface CacheQuestion {
  readonly tenant: string;
  readonly method: string;
  /** Route and query, as the client asked. */
  readonly path: string;
  /** Headers that change what is answered, such as the version of an API. */
  readonly variant: string;
  readonly body: Uint8Array | string | null;
}

/** One answer takes this share of the cache at most. */
const LARGEST_SHARE = 0.1;
const OVERHEAD_BYTES = 1_024;

export class ResponseCache {
  readonly #answers: LRUCache<string, CachedResponse>;
  /** Larger answers are not kept. */
  readonly largestBytes: number;

  /** `now`: milliseconds. */
  constructor(options: {
    readonly maxBytes: number;
    readonly ttlMs: number;
    readonly now: () => number;
  }) {
    const { maxBytes, ttlMs, now } = options;
    this.largestBytes = Math.floor(maxBytes * LARGEST_SHARE);
    this.#answers = new LRUCache({
      maxSize: Math.max(1, maxBytes),
      sizeCalculation: ({ body }) => body.length + OVERHEAD_BYTES,
      ttl: Math.max(1, ttlMs),
      ttlResolution: 0,
      perf: { now },
    });
  }

  get(key: string): CachedResponse | null {
    return this.#answers.get(key) ?? null;
  }

  put(key: string, response: CachedResponse): void {
    if (response.body.length <= this.largestBytes) this.#answers.set(key, response);
  }

  /** Forgets one tenant's answers. */
  erase(tenant: string): void {
    for (const key of this.#answers.keys()) {
      if (key.startsWith(prefixOf(tenant))) this.#answers.delete(key);
    }
  }
}

/** Of a request and nothing less: no part of one field can be taken for another's. */
export function cacheKey({ tenant, method, path, variant, body }: CacheQuestion): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([method, path, variant]));
  if (body !== null) hash.update(body);
  return prefixOf(tenant) + hash.digest("base64url");
}

function prefixOf(tenant: string): string {
  return `${encodeURIComponent(tenant)}:`;
}
