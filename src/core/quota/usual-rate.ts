/**
 * Usual rate: what a tenant mostly does in a minute, and whether it does far more now (an agent in
 * a loop, a stolen key).
 *
 * The usual rate is a moving average over minutes in which the tenant is active at all: a nightly
 * job is its own measure, however quiet the day was. A minute far above it counts as twice the usual
 * one, so that a runaway does not make itself usual, and lasting growth is learned within days.
 */
const MINUTE_MICROS = 60_000_000;

/** A minute with more than this many times the usual rate is a runaway's. */
export const RUNAWAY_TIMES = 10;
/** Active minutes before anything is told: a new tenant has nothing that is usual. */
export const WARM_UP_MINUTES = 60;
/** A day of activity: the time in which the average forgets. */
const MEMORY_MINUTES = 1_440;
/** More than this many times the usual rate teaches no more. */
const LEARNED_TIMES = 2;
/** It is over in a minute below this share of what raised the alarm. */
const CALM_SHARE = 0.5;

export interface Runaway {
  /** In this minute, so far. */
  readonly perMinute: number;
  readonly usualPerMinute: number;
}

export class UsualRate {
  /** Below this in a minute nobody runs away, whatever is usual. */
  readonly #least: number;
  #minute = -1;
  #inMinute = 0;
  #usual = 0;
  #minutes = 0;
  #isAlarmed = false;

  constructor(least: number) {
    this.#least = least;
  }

  /** Per active minute; 0: not known yet. */
  get usualPerMinute(): number {
    return this.#usual;
  }

  /** Tells of a runaway once, in the minute in which it shows; again only after a calm minute. */
  add(amount: number, now: number): Runaway | null {
    const minute = Math.floor(now / MINUTE_MICROS);
    if (minute !== this.#minute) {
      if (this.#inMinute > 0) this.#learn(minute);
      this.#minute = minute;
      this.#inMinute = 0;
    }
    this.#inMinute += amount;
    if (this.#isAlarmed || this.#minutes < WARM_UP_MINUTES) return null;
    if (this.#inMinute <= this.#bound) return null;
    this.#isAlarmed = true;
    return { perMinute: this.#inMinute, usualPerMinute: this.#usual };
  }

  #learn(nextMinute: number): void {
    const wasIdle = nextMinute > this.#minute + 1;
    if (wasIdle || this.#inMinute < CALM_SHARE * this.#bound) this.#isAlarmed = false;
    const isKnown = this.#minutes >= WARM_UP_MINUTES;
    const most = Math.max(this.#least, LEARNED_TIMES * this.#usual);
    const seen = isKnown ? Math.min(this.#inMinute, most) : this.#inMinute;
    this.#minutes = Math.min(MEMORY_MINUTES, this.#minutes + 1);
    this.#usual += (seen - this.#usual) / this.#minutes;
  }

  get #bound(): number {
    return Math.max(this.#least, RUNAWAY_TIMES * this.#usual);
  }
}
