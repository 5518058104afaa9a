/** Coarse timers: long time limits for very many calls, a second late at most, at the cost of a set entry. */

const TICK_MS = 500;

/** Cancels; calling it twice does nothing. */
export type CancelCoarse = () => void;

interface Entry {
  readonly at: number;
  readonly fire: () => void;
}

/** One interval for all of them, and none while there are none. */
class CoarseTimers {
  readonly #entries = new Set<Entry>();
  #interval: NodeJS.Timeout | null = null;

  after(ms: number, fire: () => void): CancelCoarse {
    const entry = { at: performance.now() + ms, fire };
    this.#entries.add(entry);
    this.#interval ??= setInterval(() => this.#tick(), TICK_MS).unref();
    return () => this.#entries.delete(entry);
  }

  #tick(): void {
    const now = performance.now();
    for (const entry of this.#entries) {
      if (entry.at > now) continue;
      this.#entries.delete(entry);
      entry.fire();
    }
    if (this.#entries.size > 0 || this.#interval === null) return;
    clearInterval(this.#interval);
    this.#interval = null;
  }
}

const timers = new CoarseTimers();

/** Below this a coarse timer's delay would matter. */
const EXACT_BELOW_MS = 10_000;

/** Fires once after `ms`: exactly if that is soon, up to half a second late if it is not. */
export function afterLong(ms: number, fire: () => void): CancelCoarse {
  if (ms >= EXACT_BELOW_MS) return timers.after(ms, fire);
  const timer = setTimeout(fire, ms);
  return () => clearTimeout(timer);
}
