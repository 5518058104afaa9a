/** Refusals: what Sluice makes of a provider's 429, and how often it tries a task again. */
import { MICROS_PER_MS } from "../../../core/clock.ts";
import type { Verdict } from "../../../core/verdict/verdict.ts";
import type { ProviderRefusal } from "../../provider/provider.ts";

/** As the runtime does: a refusal for the budget's sake is not the request's fault (next-step.ts). */
const QUOTA_ATTEMPTS = 10;

export class Refusals {
  readonly #counts: Uint8Array;

  constructor(tasks: number) {
    this.#counts = new Uint8Array(tasks);
  }

  /** Counts it, too. */
  verdictOn(task: number, { dimension, retryAfter }: ProviderRefusal): Verdict {
    this.#counts[task]++;
    const retryAfterMs = retryAfter === null ? null : Math.ceil(retryAfter / MICROS_PER_MS);
    return { class: "quota", dimension, retryable: true, retryAfterMs };
  }

  isFinal(task: number): boolean {
    return this.#counts[task] >= QUOTA_ATTEMPTS;
  }
}

/** Waiting cannot help: the request is larger than the limit. Slots come back, nobody knows when. */
export function isForever({ dimension, retryAfter }: ProviderRefusal): boolean {
  return retryAfter === null && dimension !== "concurrency";
}
