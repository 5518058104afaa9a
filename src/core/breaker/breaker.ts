/**
 * Breaker: stops calls to what is unwell, so that it can recover and callers can go elsewhere.
 *
 * Closed: calls pass and are counted. Open: none passes until its time is over. Half-open: one probe
 * at a time; once a probe is answered, each answer lets one more call run and each failure half
 * as many, until nobody is held back by that any more. Only what tells of health counts: a quota or a bad request is a provider at work.
 */
import { MICROS_PER_SECOND } from "../clock.ts";
import { RollingCounts } from "./rolling-counts.ts";

export interface BreakerOptions {
  /** Failures in a row that open it, by more than one request. */
  readonly failures: number;
  /** Share of failures within the window that opens it, once twice `failures` calls have ended. */
  readonly rate: number;
  /** Microseconds. */
  readonly window: number;
  /** Until the first probe, microseconds. */
  readonly open: number;
}

export const DEFAULT_BREAKER: BreakerOptions = Object.freeze({
  failures: 5,
  rate: 0.5,
  window: 30 * MICROS_PER_SECOND,
  open: 5 * MICROS_PER_SECOND,
});

export type BreakerState =
  | { readonly kind: "closed" }
  /** `until`: microseconds. */
  | { readonly kind: "open"; readonly until: number }
  /** `permits`: calls that may run at the same time. */
  | { readonly kind: "half-open"; readonly permits: number };

const CLOSED: BreakerState = Object.freeze({ kind: "closed" });

/** A probe costs little, and what has recovered should be used: later probes come twice as often. */
const NEXT_PROBES = 0.5;
/** Until an outage has lasted so many times `open`; from then on waits double. */
const PATIENCE = 12;
/** Waits between probes, times `open`; a longer Retry-After is only a hint. */
const LONGEST = 12;
/** So many calls at once end a ramp, however many still wait. */
const FULL = 64;

/** All that another instance needs to go on with it; times are microseconds. */
export interface BreakerRecord {
  readonly state: BreakerState;
  readonly failingSince: number;
  readonly wait: number;
}

export class Breaker {
  readonly #options: BreakerOptions;
  readonly #counts: RollingCounts;
  #state: BreakerState = CLOSED;
  /** What was sent before it changed tells of what it has changed for. */
  #changedAt = Number.NEGATIVE_INFINITY;
  #inARow = 0;
  /** The one request that all failures in a row come from; null: several. */
  #soleRequest: object | null = null;
  /** In the share of failures, one that is tried over and over counts once. */
  #lastFailed: object | null = null;
  /** When the outage began, and how long it waits for the next probe. */
  #failingSince = 0;
  #wait = 0;
  /** When the ramp last let more or fewer calls run. */
  #rampedAt = Number.NEGATIVE_INFINITY;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#counts = new RollingCounts(options.window);
  }

  /** Open turns into half-open by time alone. */
  stateAt(now: number): BreakerState {
    if (this.#state.kind === "open" && now >= this.#state.until) {
      this.#state = { kind: "half-open", permits: 1 };
    }
    return this.#state;
  }

  /**
   * A call that was sent at `sentAt` has failed: overload, a transient error, a timeout, a broken connection.
   *
   * `request` is the same object for all attempts of one request; `hint` is the wait that the provider
   * states, microseconds. Says whether the state has changed.
   */
  failed(
    failure: {
      readonly request: object;
      readonly sentAt: number;
      readonly hint: number | null;
    },
    now: number,
  ): boolean {
    const state = this.stateAt(now);
    if (failure.sentAt < this.#changedAt) return false;
    if (state.kind === "half-open") {
      this.#relapse(state.permits, failure.hint, now);
      return true;
    }
    if (failure.request !== this.#lastFailed) this.#counts.add(false, now);
    this.#lastFailed = failure.request;
    this.#soleRequest = this.#inARow === 0 ? failure.request : this.#shared(failure.request);
    this.#inARow++;
    if (state.kind === "open" || !this.#isTooMuch(now)) return false;
    this.#failingSince = now;
    this.#openFor(this.#options.open, failure.hint, now);
    return true;
  }

  /**
   * A call that was sent at `sentAt` was answered. `isHeldBack`: others wait, or may have to, because
   * no more calls may run than do. Says whether the state has changed.
   */
  answered(sentAt: number, isHeldBack: boolean, now: number): boolean {
    const state = this.stateAt(now);
    if (sentAt < this.#changedAt) return false;
    this.#counts.add(true, now);
    this.#inARow = 0;
    this.#soleRequest = null;
    if (state.kind !== "half-open") return false;
    const hasRoom = sentAt > this.#rampedAt && !isHeldBack && state.permits > 1;
    if (hasRoom || state.permits >= FULL) {
      this.#counts.clear();
      this.#change(CLOSED, now);
    } else this.#ramp(state.permits + 1, now);
    return true;
  }

  get record(): BreakerRecord {
    return {
      state: this.#state,
      failingSince: this.#failingSince,
      wait: this.#wait,
    };
  }

  /** It has changed elsewhere. */
  adopt({ state, failingSince, wait }: BreakerRecord, now: number): void {
    this.#failingSince = failingSince;
    this.#wait = wait;
    if (state.kind === "half-open" && this.#state.kind === "half-open") {
      this.#ramp(state.permits, now);
      return;
    }
    this.#change(state, now);
    if (state.kind === "closed") this.#counts.clear();
  }

  /** A few failures among many answers slow the ramp down; more than those end it. */
  #relapse(permits: number, hint: number | null, now: number): void {
    const fewer = Math.floor(permits / 2);
    if (fewer > 1) this.#ramp(fewer, now);
    else this.#reopen(hint, now);
  }

  #ramp(permits: number, now: number): void {
    this.#state = { kind: "half-open", permits };
    this.#rampedAt = now;
  }

  #shared(request: object): object | null {
    return this.#soleRequest === request ? request : null;
  }

  /** One bad request never opens it, however often it is tried. */
  #isTooMuch(now: number): boolean {
    const { failures, rate } = this.#options;
    if (this.#inARow >= failures && this.#soleRequest === null) return true;
    const { calls, failed } = this.#counts.read(now);
    return calls >= 2 * failures && failed >= rate * calls;
  }

  #reopen(hint: number | null, now: number): void {
    const { open } = this.#options;
    const isLong = now - this.#failingSince > PATIENCE * open;
    const wait = isLong ? Math.min(2 * this.#wait, LONGEST * open) : NEXT_PROBES * open;
    this.#openFor(wait, hint, now);
  }

  #openFor(wait: number, hint: number | null, now: number): void {
    const longest = LONGEST * this.#options.open;
    this.#wait = Math.max(1, Math.round(wait));
    const until = now + Math.max(this.#wait, Math.min(hint ?? 0, longest));
    this.#change({ kind: "open", until }, now);
  }

  #change(state: BreakerState, now: number): void {
    this.#state = state;
    this.#changedAt = now;
    this.#inARow = 0;
    this.#soleRequest = null;
    this.#lastFailed = null;
  }
}
