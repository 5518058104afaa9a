/**
 * Race: one request waits at several candidates; the first grant wins, and the others' places are
 * given up. It binds at the grant, not when it queues.
 */

import { NO_DEMAND } from "../../core/demand.ts";
import type { Refusal } from "../../core/scheduler/refusal.ts";
import type { Reservation } from "../account/account.ts";

/** A place that a request could wait at. */
export interface Lane {
  /** Queues the request; a later word of its fate comes by `listener`, never during this call. */
  ask(listener: LaneListener): Reservation | Refusal;
}

export interface LaneListener {
  onGranted(): void;
  onRefused(refusal: Refusal): void;
  onClosed(): void;
}

export interface RaceListener<L extends Lane> {
  onGranted(lane: L, reservation: Reservation): void;
  /** It waits nowhere any more; the refusal is the one that promises most. Null: all is closing. */
  onOver(refusal: Refusal | null): void;
}

export class Race<L extends Lane> {
  readonly #listener: RaceListener<L>;
  readonly #now: () => number;
  readonly #waiting = new Map<L, Reservation>();
  #refusal: Refusal | null = null;

  constructor(listener: RaceListener<L>, now: () => number) {
    this.#listener = listener;
    this.#now = now;
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  has(lane: L): boolean {
    return this.#waiting.has(lane);
  }

  /** The shortest of the waits that were foreseen when it queued, microseconds. */
  get expectedWait(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { expectedWait } of this.#waiting.values()) least = Math.min(least, expectedWait);
    return least;
  }

  /** The refusal that promises most so far. */
  get refusal(): Refusal | null {
    return this.#refusal;
  }

  /** False: it is refused there. */
  enter(lane: L): boolean {
    const asked = lane.ask(this.#listenerAt(lane));
    if (asked.kind === "refused") this.#note(asked);
    else this.#waiting.set(lane, asked);
    return asked.kind !== "refused";
  }

  /** A place that the request has already: it was granted there and waits again. */
  reenter(lane: L, reservation: Reservation): void {
    this.#waiting.set(lane, reservation);
  }

  /** Gives up every place. */
  leave(): void {
    for (const reservation of this.#waiting.values()) this.#giveUp(reservation);
    this.#waiting.clear();
    this.#refusal = null;
  }

  #listenerAt(lane: L): LaneListener {
    return {
      onGranted: () => {
        const reservation = this.#waiting.get(lane);
        if (reservation === undefined) return;
        this.#waiting.delete(lane);
        this.leave();
        this.#listener.onGranted(lane, reservation);
      },
      onRefused: (refusal) => {
        if (!this.#waiting.delete(lane)) return;
        this.#note(refusal);
        if (!this.isWaiting) this.#listener.onOver(this.#refusal);
      },
      onClosed: () => {
        if (this.#waiting.delete(lane) && !this.isWaiting) this.#listener.onOver(null);
      },
    };
  }

  /** One that was granted in this very moment has taken what it asked for: it gives it back. */
  #giveUp(reservation: Reservation): void {
    if (!reservation.cancel()) reservation.settle(NO_DEMAND, this.#now());
  }

  #note(refusal: Refusal): void {
    if (this.#refusal === null || comesBefore(refusal, this.#refusal)) this.#refusal = refusal;
  }
}

/** Where a wait helps, and the shorter one. */
function comesBefore(one: Refusal, other: Refusal): boolean {
  return (
    (one.retryAfter ?? Number.POSITIVE_INFINITY) < (other.retryAfter ?? Number.POSITIVE_INFINITY)
  );
}
