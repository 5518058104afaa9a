/** Attempts: makes guessing the admin token slow, address by address, without locking the administrator out. */
import { LRUCache } from "lru-cache";

/** An address that has been quiet for so long begins anew. */
const FORGOTTEN_AFTER_MS = 60_000;
const ADDRESSES = 1_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2_000;
/** More wrong attempts at the same time are not even looked at: guessing in parallel is no faster. */
const HELD_AT_ONCE = 10;

interface Attempts {
  failures: number;
  /** Wrong ones that still wait for their answer. */
  held: number;
}

export class AttemptGuard {
  readonly #byAddress = new LRUCache<string, Attempts>({
    max: ADDRESSES,
    ttl: FORGOTTEN_AFTER_MS,
  });

  /** False: so many wrong ones are held that the next is refused unseen. */
  isOpenTo(address: string): boolean {
    return (this.#byAddress.get(address)?.held ?? 0) < HELD_AT_ONCE;
  }

  /** An attempt was wrong: resolves when it may be told so, at once when whoever tried is gone. */
  async hold(address: string, signal: AbortSignal): Promise<void> {
    const attempts = this.#byAddress.get(address) ?? { failures: 0, held: 0 };
    attempts.failures++;
    attempts.held++;
    this.#byAddress.set(address, attempts);
    await pause(delayAfter(attempts.failures), signal);
    attempts.held--;
  }

  succeeded(address: string): void {
    const attempts = this.#byAddress.get(address);
    if (attempts) attempts.failures = 0;
  }
}

export function delayAfter(failures: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}
