/** Coarse timers: long time limits for very many calls, a second late at most, at the cost of a set entry. */

const TICK_MS = 500;

/** Cancels; calling it twice does nothing. */
export type CancelCoarse = () => void;

interface Entry {
  readonly at: number;
  readonly fire: () => void;
  /** Its place in the list; -1: it has fired or was cancelled. */
  index: number;
}

/**
 * One interval for all of them, and none while there are none. An array in no order: a Set that is
 * filled and emptied all the time leaves old tables behind that keep what was in them alive.
 */
class CoarseTimers {
  readonly #entries: Entry[] = [];
  #interval: NodeJS.Timeout | null = null;

  after(ms: number, fire: () => void): CancelCoarse {
    const entry: Entry = { at: performance.now() + ms, fire, index: this.#entries.length };
    this.#entries.push(entry);
    this.#interval ??= setInterval(() => this.#tick(), TICK_MS).unref();
    return () => this.#remove(entry);
  }

  /** The last one takes its place. */
  #remove(entry: Entry): void {
    if (entry.index < 0) return;
    const last = this.#entries.pop() as Entry;
    if (last !== entry) {
      this.#entries[entry.index] = last;
      last.index = entry.index;
    }
    entry.index = -1;
  }

  #tick(): void {
    const now = performance.now();
    for (const entry of this.#entries.filter(({ at }) => at <= now)) {
      if (entry.index < 0) continue; // one that fired before it has cancelled it
      this.#remove(entry);
      entry.fire();
    }
    if (this.#entries.length > 0 || this.#interval === null) return;
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
