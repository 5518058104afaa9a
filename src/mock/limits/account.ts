/** Account: admits a request only if every limit that concerns it has room, all or nothing. */
import { type Demand, Grant } from "./grant.ts";
import type { Dimension, LimitOrder } from "./limits.ts";
import type { Meter } from "./meter.ts";
import type { AccountRules } from "./rules.ts";
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
  readonly #rules: AccountRules;
  readonly #startEmpty: boolean;

  constructor(rules: AccountRules, limits: LimitOrder, startEmpty: boolean, now: number) {
    this.#rules = rules;
    this.#startEmpty = startEmpty;
    this.reset(limits, now);
  }

  /** All meters, refilled. */
  refill(now: number): Meter[] {
    const meters = this.#scopes.flatMap((scope) => scope.meters);
    for (const meter of meters) meter.refill(now);
    return meters;
  }

  /** What is left in every meter, by name. */
  levels(now: number): Record<string, number> {
    const levels: Record<string, number> = {};
    for (const meter of this.refill(now)) levels[meter.name] = meter.level;
    for (const scope of this.#scopes) {
      if (Number.isFinite(scope.slots)) {
        levels[scope.nameOf("max_parallel_requests")] = scope.slots - scope.heldAt(now);
      }
    }
    return levels;
  }

  /** The meters that a model counts in, refilled; for headers and for bodies that tell them. */
  metersOf(model: string | null, now: number): Meter[] {
    const meters = this.#scopesOf(model).flatMap((scope) => scope.meters);
    for (const meter of meters) meter.refill(now);
    return meters;
  }

  /** `holdsSlot`: it counts among the requests that run at the same time. */
  admit(model: string, demand: Demand, now: number, holdsSlot = true): Admission {
    const scopes = this.#scopesOf(model);
    const busy = holdsSlot ? busySlots(scopes, now) : null;
    const refusal = busy ?? longestWait(scopes, demand, now);
    if (refusal) return { kind: "refused", refusal };
    return { kind: "granted", grant: new Grant(scopes, demand, now, holdsSlot) };
  }

  /** Slots that are free for a model, or for any; null where their number is not limited. */
  slotsLeft(model: string | null, now: number): number | null {
    const left = this.#scopesOf(model).map((scope) => scope.slots - scope.heldAt(now));
    const least = Math.min(...left);
    return Number.isFinite(least) ? Math.max(0, least) : null;
  }

  /** What a call costs that fails: of each meter as much as the demand says, where there is that much to take. */
  chargeFailure(model: string | null, demand: Demand, now: number): void {
    for (const meter of this.metersOf(model, now)) {
      const amount = demand[meter.dimension] ?? 0;
      if (amount > 0 && meter.waitMs(amount, now) === 0) meter.take(amount, now);
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
      scope.meters.length = 0;
      scope.slots = Number.POSITIVE_INFINITY;
    }
    this.change(limits, now);
  }

  #scope(glob: string | null): Scope {
    const known = this.#scopes.find((scope) => scope.glob === glob);
    if (known) return known;
    const scope = new Scope(glob, this.#rules);
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

function busySlots(scopes: readonly Scope[], now: number): Refusal | null {
  const busy = scopes.find((scope) => scope.heldAt(now) >= scope.slots);
  if (!busy) return null;
  return {
    dimension: "max_parallel_requests",
    limit: busy.slots,
    used: busy.heldAt(now),
    requested: 1,
    waitMs: null,
  };
}

/** The longest wait binds: a client that waits for it passes all the others too. */
function longestWait(scopes: readonly Scope[], demand: Demand, now: number): Refusal | null {
  let longestMs = 0;
  let binding: Meter | null = null;
  for (const scope of scopes) {
    for (const meter of scope.meters) {
      const amount = demand[meter.dimension];
      const waitMs = amount === undefined ? 0 : meter.waitMs(amount, now);
      if (waitMs <= longestMs) continue;
      longestMs = waitMs;
      binding = meter;
    }
  }
  return binding && refusalOf(binding, demand[binding.dimension] ?? 0, longestMs);
}

function refusalOf(meter: Meter, requested: number, waitMs: number): Refusal {
  return {
    dimension: meter.dimension,
    limit: meter.capacity,
    used: Math.ceil(meter.capacity - meter.level),
    requested,
    waitMs: Number.isFinite(waitMs) ? Math.ceil(waitMs - 1e-9) : null, // 644.0000000001 is 644
  };
}
