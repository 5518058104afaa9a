/** Meta-like: calls of an hour, told in percent. */
import type { Counting } from "../counting-provider.ts";

const HOUR_MS = 3_600_000;

/** An application of a thousand calls an hour, which tells percent of it in headers alone. */
export class MetaLike implements Counting {
  #used = 0;
  #at: number;
  refused = 0;
  served = 0;

  constructor(nowMs: number) {
    this.#at = nowMs;
  }

  arrive({ nowMs }: { readonly nowMs: number }) {
    this.#used = Math.max(0, this.#used - (1_000 * (nowMs - this.#at)) / HOUR_MS);
    this.#at = nowMs;
    const isFull = this.#used >= 1_000;
    if (!isFull) this.#used++;
    const use = { call_count: Math.floor(this.#used / 10), total_cputime: 3, total_time: 4 };
    const headers = { "x-app-usage": JSON.stringify(use) };
    if (isFull) {
      this.refused++;
      const error = { message: "(#4) Application request limit reached", code: 4 };
      return { status: 400, body: { error }, headers };
    }
    this.served++;
    return () => ({ status: 200, body: { data: [] }, headers });
  }
}
