/** Account: admits a request only if every limit that concerns it has room, all or nothing. */
import type { Bucket } from "./bucket.ts";
import { type Demand, Grant } from "./grant.ts";
import type { Dimension, LimitOrder } from "./limits.ts";
import { Scope } from "./scope.ts";

/** Why a request may not start. */
export interface Refusal {
  readonly dimension: Dimension;
  readonly limit: number;
  readonly used: number;
  readonly requested: number;
  /** Whole milliseconds until it would be admitted; null when time does not tell (a slot) or never (larger than the limit). */
  readonly waitMs: number | null;
}

export type Admission =
  | { readonly kind: "granted"; readonly grant: Grant }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** Model names come from clients: the memory of which scopes cover them is bounded. */
const MAX_REMEMBERED_MODELS = 1_000;

export class Account {
  #scopes: Scope[] = [];
  readonly #covering = new Map<string, readonly Scope[]>();
  readonly #startEmpty: boolean;

  constructor(limits: LimitOrder, startEmpty: boolean, now: number) {
    this.#startEmpty = startEmpty;
    this.reset(limits, now);
  }

  /** All buckets, refilled. */
  refill(now: number): Bucket[] {
    const buckets = this.#scopes.flatMap((scope) => scope.buckets);
    for (const bucket of buckets) bucket.refill(now);
    return buckets;
  }

  /** What is left in every meter, by name. */
  levels(now: number): Record<string, number> {
    const levels: Record<string, number> = {};
    for (const bucket of this.refill(now)) levels[bucket.name] = bucket.level;
    for (const scope of this.#scopes) {
      if (Number.isFinite(scope.slots)) {
        levels[scope.nameOf("max_parallel_requests")] = scope.slots - scope.held;
      }
    }
    return levels;
  }

  /** The buckets that a model counts in, refilled; for headers. */
  bucketsOf(model: string | null, now: number): Bucket[] {
    const buckets = this.#scopesOf(model).flatMap((scope) => scope.buckets);
    for (const bucket of buckets) bucket.refill(now);
    return buckets;
  }

  admit(model: string, demand: Demand, now: number): Admission {
    const scopes = this.#scopesOf(model);
    const refusal = busySlots(scopes) ?? longestWait(scopes, demand, now);
    if (refusal) return { kind: "refused", refusal };
    return { kind: "granted", grant: new Grant(scopes, demand, now) };
  }

  /** OpenAI counts failed calls too: one request, where there is one to take. */
  chargeFailure(model: string | null, now: number): void {
    for (const bucket of this.bucketsOf(model, now)) {
      const countsRequests = bucket.dimension === "rpm" || bucket.dimension === "rpd";
      if (countsRequests && bucket.waitMs(1, now) === 0) bucket.take(1, now);
    }
  }

  change(limits: LimitOrder, now: number): void {
    this.#scope(null).change(limits, this.#startEmpty, now);
    for (const [glob, changes] of Object.entries(limits.models ?? {})) {
      this.#scope(glob).change(changes, this.#startEmpty, now);
    }
    this.#covering.clear();
  }

  /** Begins anew with these limits; running requests keep their slots. */
  reset(limits: LimitOrder, now: number): void {
    for (const scope of this.#scopes) {
      scope.buckets.length = 0;
      scope.slots = Number.POSITIVE_INFINITY;
    }
    this.change(limits, now);
  }

  #scope(glob: string | null): Scope {
    const known = this.#scopes.find((scope) => scope.glob === glob);
    if (known) return known;
    const scope = new Scope(glob);
    this.#scopes.push(scope);
    return scope;
  }

  #scopesOf(model: string | null): readonly Scope[] {
    const known = model === null ? undefined : this.#covering.get(model);
    if (known) return known;
    const scopes = this.#scopes.filter((scope) => scope.covers(model));
    if (this.#covering.size >= MAX_REMEMBERED_MODELS) this.#covering.clear();
    if (model !== null) this.#covering.set(model, scopes);
    return scopes;
  }
}

function busySlots(scopes: readonly Scope[]): Refusal | null {
  const busy = scopes.find((scope) => scope.held >= scope.slots);
  if (!busy) return null;
  return {
    dimension: "max_parallel_requests",
    limit: busy.slots,
    used: busy.held,
    requested: 1,
    waitMs: null,
  };
}

/** The longest wait binds: a client that waits for it passes all the others too. */
function longestWait(scopes: readonly Scope[], demand: Demand, now: number): Refusal | null {
  let longestMs = 0;
  let binding: Bucket | null = null;
  for (const scope of scopes) {
    for (const bucket of scope.buckets) {
      const amount = demand[bucket.dimension];
      const waitMs = amount === undefined ? 0 : bucket.waitMs(amount, now);
      if (waitMs <= longestMs) continue;
      longestMs = waitMs;
      binding = bucket;
    }
  }
  return binding && refusalOf(binding, demand[binding.dimension] ?? 0, longestMs);
}

function refusalOf(bucket: Bucket, requested: number, waitMs: number): Refusal {
  return {
    dimension: bucket.dimension,
    limit: bucket.capacity,
    used: Math.ceil(bucket.capacity - bucket.level),
    requested,
    waitMs: Number.isFinite(waitMs) ? Math.ceil(waitMs - 1e-9) : null, // 644.0000000001 is 644
  };
}
