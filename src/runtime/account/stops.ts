/**
 * Stops: credentials that a provider takes no more, for want of money or because they are not valid.
 *
 * Waiting mends neither, so nothing more is sent with them but a probe once a minute: service returns
 * by itself after a payment.
 */
import { MICROS_PER_SECOND } from "../../core/clock.ts";

export type StopReason = "billing" | "auth";

export interface Stop {
  readonly reason: StopReason;
  /** Microseconds since the epoch. */
  readonly since: number;
  /** When the next request may find out whether it is over. */
  readonly probeAt: number;
}

/** What a provider judges: money is a credential's, permissions may be a model's. */
export interface StopTarget {
  /** The same object for all that go with it. */
  readonly credential: { readonly name: string } | null;
  readonly model: string | null;
}

const PROBE_MICROS = 60 * MICROS_PER_SECOND;
const REASONS: readonly StopReason[] = ["billing", "auth"];
/** Models come from clients. */
const MOST = 1_000;
/** So long after a served call a forbidden one says something of itself only. */
const PROOF_MICROS = 60 * MICROS_PER_SECOND;

export class Stops {
  /** Another map whenever something has changed. */
  #stops: ReadonlyMap<string, Stop> = new Map();
  /** When a credential's models were last served. */
  readonly #served = new WeakMap<object, Map<string, number>>();

  /** Says whether it is news. */
  stop(target: StopTarget, reason: StopReason, now: number): boolean {
    const key = keyOf(target, reason);
    const known = this.#stops.get(key);
    if (known === undefined && this.#stops.size >= MOST) this.#stops = new Map();
    this.adopt(key, { reason, since: known?.since ?? now, probeAt: now + PROBE_MICROS });
    return known === undefined;
  }

  /** What keeps a request from being sent; null: nothing, or it may find out whether that is over. */
  stopOf(target: StopTarget, now: number): Stop | null {
    if (this.#stops.size === 0) return null;
    for (const reason of REASONS) {
      const stop = this.#stops.get(keyOf(target, reason));
      if (stop !== undefined && now < stop.probeAt) return stop;
    }
    return null;
  }

  /** A request is sent that finds out: the next may do so a minute later. */
  sent(target: StopTarget, now: number): void {
    if (this.#stops.size === 0) return;
    for (const reason of REASONS) {
      const key = keyOf(target, reason);
      const stop = this.#stops.get(key);
      if (stop !== undefined) this.adopt(key, { ...stop, probeAt: now + PROBE_MICROS });
    }
  }

  /**
   * What was forbidden may be no more than one object or path: is it all that goes with this
   * credential to this model?
   */
  isForbidden({ credential, model }: StopTarget, now: number): boolean {
    if (credential === null || model === null) return false;
    const servedAt = this.#served.get(credential)?.get(model) ?? Number.NEGATIVE_INFINITY;
    return now - servedAt > PROOF_MICROS;
  }

  /** A request was served: whatever it was, it is over. Says whether that is news. */
  served(target: StopTarget, now: number): boolean {
    this.#prove(target, now);
    if (this.#stops.size === 0) return false;
    const wasBilling = this.#end(keyOf(target, "billing"));
    return this.#end(keyOf(target, "auth")) || wasBilling;
  }

  #prove({ credential, model }: StopTarget, now: number): void {
    if (credential === null || model === null) return;
    let models = this.#served.get(credential);
    if (models === undefined || (models.size >= MOST && !models.has(model))) {
      models = new Map();
      this.#served.set(credential, models);
    }
    models.set(model, now);
  }

  /** By names that mean the same at every instance. */
  get byKey(): ReadonlyMap<string, Stop> {
    return this.#stops;
  }

  /** One that is known by its name; null: it is over. */
  adopt(key: string, stop: Stop | null): void {
    if (stop === null) this.#end(key);
    else this.#stops = new Map(this.#stops).set(key, stop);
  }

  #end(key: string): boolean {
    if (!this.#stops.has(key)) return false;
    const left = new Map(this.#stops);
    left.delete(key);
    this.#stops = left;
    return true;
  }

  get all(): readonly Stop[] {
    return [...this.#stops.values()];
  }
}

function keyOf({ credential, model }: StopTarget, reason: StopReason): string {
  const name = credential?.name ?? "";
  return reason === "billing" ? `billing\0${name}` : `auth\0${name}\0${model ?? ""}`;
}
