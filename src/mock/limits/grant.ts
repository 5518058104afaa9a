/** Grant: what an admitted request holds and may still charge. */
import type { Bucket } from "./bucket.ts";
import type { BucketDimension } from "./limits.ts";
import type { Scope } from "./scope.ts";

/** What a request takes at its start; 0 means only "the level must be above zero". */
export type Demand = { readonly [D in BucketDimension]?: number };

/** Slots are held until `release`; charges stay. */
export class Grant {
  readonly #scopes: readonly Scope[];
  #holdsSlots = true;

  constructor(scopes: readonly Scope[], demand: Demand, now: number) {
    this.#scopes = scopes;
    for (const scope of scopes) scope.held += 1;
    for (const bucket of this.#buckets()) bucket.take(demand[bucket.dimension] ?? 0, now);
  }

  charge(dimensions: readonly BucketDimension[], amount: number, now: number): void {
    for (const bucket of this.#buckets()) {
      if (dimensions.includes(bucket.dimension)) bucket.take(amount, now);
    }
  }

  giveBack(dimensions: readonly BucketDimension[], amount: number, now: number): void {
    for (const bucket of this.#buckets()) {
      if (dimensions.includes(bucket.dimension)) bucket.giveBack(amount, now);
    }
  }

  /** Idempotent. */
  release(): void {
    if (!this.#holdsSlots) return;
    this.#holdsSlots = false;
    for (const scope of this.#scopes) scope.held -= 1;
  }

  *#buckets(): Generator<Bucket> {
    for (const scope of this.#scopes) yield* scope.buckets;
  }
}
