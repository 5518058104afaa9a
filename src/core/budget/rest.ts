/** Rest: how long a meter is left alone after a refusal: as long as the provider says, and no longer than it is true. */
import { MICROS_PER_SECOND } from "../clock.ts";
import type { Meter } from "../meter/meter.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";

/** Without a stated wait: long enough to matter, short enough to lose little. */
const LEAST_UNTOLD_MICROS = MICROS_PER_SECOND;
/** A longer rest is probed this often: waits stated in hours are often wrong, or end early. */
const PROBE_MICROS = 60 * MICROS_PER_SECOND;

/**
 * So many refusals and nothing served in between: the provider refuses everything, and one request
 * alone finds out whether that is over. Otherwise all that waits would be refused again, and again.
 */
const REFUSES_ALL = 5;
/** How long that one may take to be answered until the others go without its answer. */
const PROBATION_MICROS = 5 * MICROS_PER_SECOND;
/** Between such requests at least this, doubled with every refused one. */
const LEAST_BACKOFF_MICROS = MICROS_PER_SECOND;
const MOST_BACKOFF_MICROS = 4 * MICROS_PER_SECOND;

/** The refusal of a request, as far as it matters here. */
export interface RestCause {
  readonly sentAt: number;
  /** What the provider told, microseconds; null: nothing. */
  readonly wait: number | null;
  readonly isNewEpoch: boolean;
}

export class Rest {
  readonly #meter: Meter;
  #beganAt = Number.NEGATIVE_INFINITY;
  #endedAt = Number.NEGATIVE_INFINITY;
  #endsAt = 0;
  /** A breaker may let the same meter rest for longer. */
  #until = 0;
  /** Since something was served. */
  #refusals = 0;
  /** Refused ones of those that were sent to find out. */
  #probes = 0;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** When it is over, as far as the provider tells; whether it is, one request may have to find out. */
  get endsAt(): number {
    return this.#endsAt;
  }

  begin(scheduler: Scheduler, cause: RestCause, now: number): void {
    const { sentAt, wait, isNewEpoch } = cause;
    // What was sent before a rest, or before the success that ended it, has nothing new to say.
    if (sentAt < this.#endedAt) return;
    const isLater = sentAt > this.#beganAt;
    this.#refusals++;
    if (isLater && this.#isGuarded) this.#probes++;
    if (wait !== null || isNewEpoch) {
      const stated = wait === null ? this.#untoldWait(now) : Math.max(1, wait);
      const until = now + Math.max(stated, this.#backoff);
      this.#planProbe(until, now);
      if (isLater) this.#forget(); // the newest word holds, also a shorter one
      scheduler.freeze(this.#meter, until);
      this.#endsAt = Math.max(this.#endsAt, until);
      this.#until = this.#meter.frozenUntil;
      this.#beganAt = now;
    }
    const isYetToCome = this.isOn(now) && this.#endsAt > now;
    if (this.#refusals >= REFUSES_ALL && isYetToCome) this.#guard();
  }

  /** Another instance has let its meter rest, or has ended that. */
  adopt(now: number): void {
    if (this.#meter.frozenUntil <= now) this.#endedAt = now;
    else this.#beganAt = now;
    this.#until = this.#meter.frozenUntil;
  }

  isOn(now: number): boolean {
    const { frozenUntil } = this.#meter;
    return frozenUntil > now && frozenUntil === this.#until;
  }

  /** What was sent then has been served: if that was after the rest began, it is over. */
  served(sentAt: number, now: number): void {
    this.#refusals = 0;
    if (sentAt > this.#beganAt) this.#probes = 0;
    if (!this.isOn(now) || sentAt <= this.#beganAt) return;
    this.#forget();
    this.#endedAt = now;
  }

  get #isGuarded(): boolean {
    return this.#until > this.#endsAt;
  }

  get #backoff(): number {
    if (this.#probes === 0) return 0;
    return Math.min(LEAST_BACKOFF_MICROS * 2 ** (this.#probes - 1), MOST_BACKOFF_MICROS);
  }

  #forget(): void {
    this.#meter.frozenUntil = 0;
    this.#endsAt = 0;
    this.#until = 0;
  }

  /** When its time is over one request may go; the others once that is served. */
  #guard(): void {
    const meter = this.#meter;
    meter.frozenUntil = Math.max(meter.frozenUntil, this.#endsAt + PROBATION_MICROS);
    meter.probeAt = Math.min(meter.probeAt, this.#endsAt);
    this.#until = meter.frozenUntil;
  }

  /** Until the ledger, to which the refused demand will be given back, can serve it. */
  #untoldWait(now: number): number {
    const wait = this.#meter.waitFor(0, 0, now);
    return Math.max(LEAST_UNTOLD_MICROS, Number.isFinite(wait) ? wait : 0);
  }

  #planProbe(until: number, now: number): void {
    if (until - now > PROBE_MICROS) this.#meter.probeAt = now + PROBE_MICROS;
    else if (this.#meter.frozenUntil <= now) this.#meter.probeAt = Number.POSITIVE_INFINITY;
  }
}
