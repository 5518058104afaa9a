/** Rest: how long a meter is left alone after a refusal: as long as the provider says, and no longer than it is true. */
import { MICROS_PER_SECOND } from "../clock.ts";
import type { Meter } from "../meter/meter.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";

/** Without a stated wait: long enough to matter, short enough to lose little. */
const LEAST_UNTOLD_MICROS = MICROS_PER_SECOND;
/** A longer rest is probed this often: waits stated in hours are often wrong, or end early. */
const PROBE_MICROS = 60 * MICROS_PER_SECOND;

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
  /** A breaker may let the same meter rest for longer. */
  #until = 0;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  begin(scheduler: Scheduler, { sentAt, wait, isNewEpoch }: RestCause, now: number): void {
    // What was sent before a rest, or before the success that ended it, has nothing new to say.
    if (sentAt < this.#endedAt || (wait === null && !isNewEpoch)) return;
    const until = now + (wait === null ? this.#untoldWait(now) : Math.max(1, wait));
    this.#planProbe(until, now);
    if (sentAt > this.#beganAt) this.#meter.frozenUntil = 0; // the newest word holds, also a shorter one
    scheduler.freeze(this.#meter, until);
    this.#until = this.#meter.frozenUntil;
    this.#beganAt = now;
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
    if (!this.isOn(now) || sentAt <= this.#beganAt) return;
    this.#meter.frozenUntil = 0;
    this.#endedAt = now;
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
