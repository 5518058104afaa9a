/** Fallback list: what a task wants done where it cannot be served in time, each once, in its order. */
import type { Fallback } from "../../core/task.ts";

export class FallbackList {
  #left: readonly Fallback[];

  constructor(fallbacks: readonly Fallback[]) {
    this.#left = fallbacks;
  }

  /** Null: there is nothing left. */
  get next(): Fallback | null {
    return this.#left[0] ?? null;
  }

  take(fallback: Fallback): void {
    this.#left = this.#left.filter((one) => one !== fallback);
  }

  clear(): void {
    this.#left = [];
  }
}
