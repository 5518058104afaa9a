/** Grant: what an admitted request holds and may still charge. */
import type { MeterDimension } from "./limits.ts";
import type { Meter } from "./meter.ts";
import type { Scope, SlotHolder } from "./scope.ts";

/** What a request takes at its start; 0 means only "the level must be above zero". */
export type Demand = { readonly [D in MeterDimension]?: number };

/** Slots are held until `release`; charges stay. */
export class Grant implements SlotHolder {
  readonly startedAt: number;
  readonly #scopes: readonly Scope[];

  constructor(scopes: readonly Scope[], demand: Demand, now: number, holdsSlot: boolean) {
    this.#scopes = scopes;
    this.startedAt = now;
    if (holdsSlot) for (const scope of scopes) scope.hold(this);
    for (const meter of this.#meters()) meter.take(demand[meter.dimension] ?? 0, now);
  }

  charge(dimensions: readonly MeterDimension[], amount: number, now: number): void {
    for (const meter of this.#meters()) {
      if (dimensions.includes(meter.dimension)) meter.take(amount, now);
    }
  }

  /** Below zero it is charged instead: more was used than had been taken. */
  giveBack(amounts: Demand, now: number): void {
    for (const meter of this.#meters()) {
      const amount = amounts[meter.dimension] ?? 0;
      if (amount > 0) meter.giveBack(amount, now);
      if (amount < 0) meter.take(-amount, now);
    }
  }

  /** Idempotent. */
  release(): void {
    for (const scope of this.#scopes) scope.release(this);
  }

  *#meters(): Generator<Meter> {
    for (const scope of this.#scopes) yield* scope.meters;
  }
}
