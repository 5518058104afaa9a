/**
 * Race: one request waits at several places; the first grant wins, and the others are given up. It
 * binds at the grant, not when it queues.
 */
import type { SluiceError } from "../../core/errors.ts";
import type { Reservation } from "../account/reservation.ts";
import type { Place } from "./place.ts";
import { closingError } from "./refusals.ts";

export interface RaceListener {
  onGranted(place: Place, reservation: Reservation): void;
  /** It waits nowhere any more; the error is the one that promises most. */
  onOver(error: SluiceError): void;
  /** Where it was granted, others may be given its place. */
  onLeaseLost(place: Place): void;
}

export interface RaceTimes {
  now(): number;
  /** When the wait is over, microseconds. */
  expiresAt(): number;
}

export class Race {
  readonly #listener: RaceListener;
  readonly #times: RaceTimes;
  /** Null: its credential is being renewed. */
  readonly #waiting = new Map<Place, Reservation | null>();
  #error: SluiceError | null = null;

  constructor(listener: RaceListener, times: RaceTimes) {
    this.#listener = listener;
    this.#times = times;
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  has(place: Place): boolean {
    return this.#waiting.has(place);
  }

  /** What has kept it from waiting so far; the one that promises most. */
  get error(): SluiceError {
    return this.#error ?? closingError();
  }

  /** The shortest of the waits that were foreseen when it queued, microseconds. */
  get expectedWait(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const reservation of this.#waiting.values()) {
      least = Math.min(least, reservation?.expectedWait ?? 0);
    }
    return least;
  }

  /** False: it is refused there. A later word comes to the listener, never during this call. */
  enter(place: Place, isPatient = false): boolean {
    const now = this.#times.now();
    const stop = place.stopped(now);
    if (stop !== null) this.#note(stop);
    else if (place.credential.isReady(now)) this.#ask(place, isPatient);
    else this.#renew(place, null);
    return this.has(place);
  }

  /** It was granted there before, and waits there again. */
  reenter(place: Place, reservation: Reservation): void {
    this.#waiting.set(place, reservation);
  }

  /** Its credential is renewed; then it asks for a place anew. */
  renew(place: Place): void {
    this.#renew(place, null);
  }

  /** Gives up every place. */
  leave(): void {
    const now = this.#times.now();
    for (const [place, reservation] of this.#waiting) {
      place.credential.end();
      if (reservation !== null) place.giveBack(reservation, now);
    }
    this.#waiting.clear();
  }

  /** What was refused before says nothing of now. */
  forget(): void {
    this.#error = null;
  }

  #ask(place: Place, isPatient: boolean): void {
    const asked = place.ask(this.#times.expiresAt(), isPatient, {
      onGranted: () => this.#granted(place),
      onRefused: (error) => this.#refused(place, error),
      onClosed: () => this.#refused(place, closingError()),
      onLeaseLost: () => this.#listener.onLeaseLost(place),
    });
    if (asked instanceof Error) this.#note(asked);
    else this.#waiting.set(place, asked);
  }

  #granted(place: Place): void {
    const reservation = this.#waiting.get(place);
    if (reservation === undefined || reservation === null) return;
    const now = this.#times.now();
    const stop = place.stopped(now);
    if (stop !== null) {
      place.giveBack(reservation, now);
      this.#refused(place, stop);
    } else if (place.credential.isReady(now)) this.#win(place, reservation);
    else if (place.candidate.shadow !== null) this.#renew(place, reservation);
    else {
      place.giveBack(reservation, now);
      this.#renew(place, null);
    }
  }

  #win(place: Place, reservation: Reservation): void {
    place.candidate.account.stops.sent(place.candidate.target, this.#times.now());
    this.#waiting.delete(place);
    this.leave();
    this.#listener.onGranted(place, reservation);
  }

  /**
   * Nothing of the account is held while a credential is renewed. But in shadow mode, where nothing
   * is held anyway, `granted` stays, and nothing is asked for twice.
   */
  #renew(place: Place, granted: Reservation | null): void {
    this.#waiting.set(place, granted);
    const proceed = () => {
      if (granted !== null) this.#win(place, granted);
      else {
        this.#waiting.delete(place);
        if (!this.enter(place)) this.#endIfOver();
      }
    };
    place.credential.wait(this.#times.expiresAt(), proceed, (error) => {
      if (granted !== null) place.giveBack(granted, this.#times.now());
      this.#refused(place, error);
    });
  }

  #refused(place: Place, error: SluiceError): void {
    if (!this.#waiting.delete(place)) return;
    this.#note(error);
    this.#endIfOver();
  }

  #endIfOver(): void {
    if (!this.isWaiting) this.#listener.onOver(this.error);
  }

  #note(error: SluiceError): void {
    if (this.#error === null || comesBefore(error, this.#error)) this.#error = error;
  }
}

/** Where a wait helps, and the shorter one. */
function comesBefore(one: SluiceError, other: SluiceError): boolean {
  const never = Number.POSITIVE_INFINITY;
  return (one.retryAfterMs ?? never) < (other.retryAfterMs ?? never);
}
