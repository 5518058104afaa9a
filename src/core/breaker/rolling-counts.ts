/** Rolling counts: calls and failures of the last while, forgotten in steps. */

const STEPS = 10;

export class RollingCounts {
  readonly #step: number;
  readonly #calls = new Uint32Array(STEPS);
  readonly #failed = new Uint32Array(STEPS);
  #current = Number.NEGATIVE_INFINITY;

  /** `window`: microseconds. */
  constructor(window: number) {
    this.#step = Math.max(1, Math.ceil(window / STEPS));
  }

  add(isSuccess: boolean, now: number): void {
    const place = this.#advance(now);
    this.#calls[place]++;
    if (!isSuccess) this.#failed[place]++;
  }

  read(now: number): { readonly calls: number; readonly failed: number } {
    this.#advance(now);
    return { calls: sum(this.#calls), failed: sum(this.#failed) };
  }

  clear(): void {
    this.#calls.fill(0);
    this.#failed.fill(0);
  }

  /** Forgets what is over; the place of this moment. */
  #advance(now: number): number {
    const step = Math.floor(now / this.#step);
    const passed = Math.min(STEPS, step - this.#current);
    for (let i = 0; i < passed; i++) {
      const place = (step - i) % STEPS;
      this.#calls[place] = 0;
      this.#failed[place] = 0;
    }
    this.#current = Math.max(this.#current, step);
    return this.#current % STEPS;
  }
}

function sum(counts: Uint32Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
