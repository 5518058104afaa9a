/** A clock that a test moves by hand. */
import { type CancelTimer, type Clock, MICROS_PER_MS } from "../../src/core/clock.ts";

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

export class TestClock implements Clock {
  #now = Date.parse("2026-01-01T00:00:00Z") * MICROS_PER_MS;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  schedule(at: number, fire: () => void): CancelTimer {
    const timer = { at, fire };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Fires what falls due on the way, each at its time and with its microtasks done. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms * MICROS_PER_MS;
    for (let next = this.#nextBy(until); next; next = this.#nextBy(until)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
      await settled();
    }
    this.#now = until;
    await settled();
  }

  #nextBy(until: number): Timer | undefined {
    const due = [...this.#timers].filter(({ at }) => at <= until);
    return due.sort((a, b) => a.at - b.at)[0];
  }
}

/** Lets promises and sockets have their turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
