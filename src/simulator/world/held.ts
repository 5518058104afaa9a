/** Held: how many tasks are held back, by tier, and what the provider had and charged meanwhile. */
import type { Provider } from "../provider/provider.ts";

export class Held {
  readonly byTier: number[];
  /** Sums over the time in which at least one task was held back, by the place of each allowance. */
  readonly charged: Float64Array;
  readonly available: Float64Array;
  readonly #provider: Provider;
  readonly #isHeld: Uint8Array;
  #count = 0;
  /** Demand that exceeds supply is measured in this window only. */
  #isOpen = false;
  /** Somebody has been held back just now; looked at only if that lasts, because it costs time. */
  #isBeginning = false;
  #chargedBefore: Float64Array = new Float64Array(0);
  #availableBefore: Float64Array = new Float64Array(0);

  constructor(provider: Provider, tasks: number, tiers: number) {
    this.#provider = provider;
    this.#isHeld = new Uint8Array(tasks);
    this.byTier = new Array<number>(tiers).fill(0);
    this.charged = new Float64Array(provider.allowances.length);
    this.available = new Float64Array(provider.allowances.length);
  }

  has(task: number): boolean {
    return this.#isHeld[task] === 1;
  }

  add(task: number, tier: number): void {
    if (this.#isHeld[task] === 1) return;
    this.#isHeld[task] = 1;
    this.byTier[tier]++;
    if (++this.#count === 1 && this.#isOpen) this.#isBeginning = true;
  }

  remove(task: number, tier: number, now: number): void {
    if (this.#isHeld[task] === 0) return;
    this.#isHeld[task] = 0;
    this.byTier[tier]--;
    if (--this.#count === 0 && this.#isOpen) this.#end(now);
  }

  /** Time goes on: whoever is held back now was not only passed through. */
  passing(now: number): void {
    if (this.#isBeginning) this.#begin(now);
  }

  openWindow(now: number): void {
    this.#isOpen = true;
    if (this.#count > 0) this.#begin(now);
  }

  closeWindow(now: number): void {
    if (this.#isOpen && this.#count > 0) this.#end(now);
    this.#isOpen = false;
  }

  #begin(now: number): void {
    this.#isBeginning = false;
    const { charged, available } = this.#provider.books(now);
    this.#chargedBefore = charged;
    this.#availableBefore = available;
  }

  #end(now: number): void {
    if (this.#isBeginning) {
      this.#isBeginning = false;
      return;
    }
    const { charged, available } = this.#provider.books(now);
    for (let i = 0; i < charged.length; i++) {
      this.charged[i] += charged[i] - this.#chargedBefore[i];
      this.available[i] += available[i] - this.#availableBefore[i];
    }
  }
}
