/** Fixed window: an amount that begins anew at the end of each window, whatever was used of the last. */
import type { MeterDimension } from "./limits.ts";
import type { Meter } from "./meter.ts";
import type { WindowPlan } from "./window-plans.ts";

export class FixedWindow implements Meter {
  readonly name: string;
  readonly dimension: MeterDimension;
  capacity: number;
  level: number;
  initial: number;
  minted = 0;
  wasted = 0;
  charged = 0;
  lowest: number;
  readonly #planOf: (amount: number) => WindowPlan;
  #plan: WindowPlan;
  #now: number;
  #endsAt: number;

  constructor(
    name: string,
    dimension: MeterDimension,
    amount: number,
    empty: boolean,
    now: number,
    planOf: (amount: number) => WindowPlan,
  ) {
    this.#planOf = planOf;
    this.#plan = planOf(amount);
    this.name = name;
    this.dimension = dimension;
    this.capacity = this.#plan.capacity;
    this.level = empty ? 0 : this.capacity;
    this.initial = this.level;
    this.lowest = this.level;
    this.#now = now;
    this.#endsAt = this.#plan.endOf(now);
  }

  /** What a window leaves unused is gone, and counts as wasted: so do whole windows without a request. */
  refill(now: number): void {
    if (now <= this.#now) return;
    this.#now = now;
    while (now >= this.#endsAt) {
      this.minted += this.capacity - this.level;
      this.wasted += Math.max(0, this.level);
      this.level = this.capacity;
      this.#endsAt = this.#plan.endOf(this.#endsAt);
    }
  }

  take(amount: number, now: number): void {
    this.refill(now);
    this.level -= amount;
    this.charged += amount;
    this.lowest = Math.min(this.lowest, this.level);
  }

  /** What was taken in an earlier window is no longer missing. */
  giveBack(amount: number, now: number): void {
    this.refill(now);
    const spill = Math.max(0, this.level + amount - this.capacity);
    this.level += amount - spill;
    this.charged -= amount;
    this.minted -= spill;
    this.wasted += spill;
  }

  waitMs(amount: number, now: number): number {
    this.refill(now);
    if (amount > this.capacity) return Number.POSITIVE_INFINITY;
    const fits = amount > 0 ? amount <= this.level : this.level > 0;
    return fits ? 0 : this.#endsAt - now;
  }

  get fullInMs(): number {
    return this.level >= this.capacity ? 0 : this.#endsAt - this.#now;
  }

  /** The running window ends when it would have. */
  resize(amount: number, now: number): void {
    this.refill(now);
    this.#plan = this.#planOf(amount);
    this.capacity = this.#plan.capacity;
    const lost = Math.max(0, this.level - this.capacity);
    this.level -= lost;
    this.initial -= lost;
  }
}
