/**
 * Breakers at work: one for each model and one for the whole upstream. While one is open the model's
 * meter of calls in flight rests, so whoever waits keeps its place; a probe is the next in order.
 */
import {
  Breaker,
  type BreakerOptions,
  type BreakerRecord,
  type BreakerState,
} from "../breaker/breaker.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { Dispatch } from "./dispatch.ts";
import type { InFlightLimit } from "./in-flight-limit.ts";

/** A breaker that has changed; the model is null for calls that name none, undefined for all that share one. */
export interface BreakerChange {
  readonly model: string | null | undefined;
  readonly state: BreakerState;
}

/** Why a call failed, as far as a breaker is concerned. */
export interface Failure {
  /** The wait that the provider states, microseconds; null: none. */
  readonly hint: number | null;
  /** No connection, or a broken one: that is the upstream's, whatever the model. */
  readonly isOfConnection: boolean;
}

/** A breaker as instances tell each other of it; the limit is null for the whole upstream's. */
export interface BreakerNews {
  readonly limit: InFlightLimit | null;
  readonly record: BreakerRecord;
}

const CLOSED: BreakerState = { kind: "closed" };
const NO_NEWS: readonly BreakerNews[] = [];
/** Changes that nobody has asked for are no news any more. */
const MOST_CHANGES = 1_000;

export class Breakers {
  readonly #options: BreakerOptions;
  readonly #byLimit = new Map<InFlightLimit, Breaker>();
  readonly #whole: Breaker;
  #changes: BreakerChange[] = [];
  readonly #news = new Set<InFlightLimit | null>();

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#whole = new Breaker(options);
  }

  /** Of calls to `limit`'s model: the stricter of its own and the upstream's. */
  stateOf(limit: InFlightLimit, now: number): BreakerState {
    const whole = this.#whole.stateAt(now);
    const own = this.#byLimit.get(limit)?.stateAt(now) ?? CLOSED;
    return stricter(own, whole);
  }

  /** Of every model that was called, in the order of their first failures. */
  *states(now: number): Iterable<BreakerChange> {
    for (const limit of this.#byLimit.keys()) {
      yield { model: limit.model, state: this.stateOf(limit, now) };
    }
  }

  /** What has changed since it was last asked for. */
  takeChanges(): readonly BreakerChange[] {
    const changes = this.#changes;
    if (changes.length > 0) this.#changes = [];
    return changes;
  }

  /** Breakers that have changed here since it was last asked for. */
  takeNews(): readonly BreakerNews[] {
    if (this.#news.size === 0) return NO_NEWS;
    const news = [...this.#news].map((limit) => ({ limit, record: this.#at(limit).record }));
    this.#news.clear();
    return news;
  }

  /** A breaker has changed at another instance. */
  adopt({ limit, record }: BreakerNews, scheduler: Scheduler, now: number): void {
    this.#at(limit).adopt(record, now);
    if (limit === null) this.#obeyAll(scheduler, now);
    else this.#obey(limit, scheduler, now);
    this.#changes = [];
  }

  /** Until when nothing more is sent because of it, microseconds; 0: it may be. */
  failed(dispatch: Dispatch, failure: Failure, scheduler: Scheduler, now: number): number {
    const limit = dispatch.book.inFlight;
    if (limit === null) return 0;
    const { request, sentAt } = dispatch;
    const told = { request, sentAt, hint: failure.hint };
    if (failure.isOfConnection && this.#whole.failed(told, now))
      this.#changed(null, scheduler, now);
    if (this.#breakerOf(limit).failed(told, now)) this.#changed(limit, scheduler, now);
    const state = this.stateOf(limit, now);
    return state.kind === "open" ? state.until : 0;
  }

  answered({ book, sentAt }: Dispatch, scheduler: Scheduler, now: number): void {
    const limit = book.inFlight;
    if (limit === null) return;
    const { isFull } = limit;
    if (this.#whole.answered(sentAt, isFull, now)) this.#changed(null, scheduler, now);
    if (this.#byLimit.get(limit)?.answered(sentAt, isFull, now))
      this.#changed(limit, scheduler, now);
  }

  #changed(limit: InFlightLimit | null, scheduler: Scheduler, now: number): void {
    this.#news.add(limit);
    if (limit === null) this.#obeyAll(scheduler, now);
    else this.#obey(limit, scheduler, now);
  }

  #at(limit: InFlightLimit | null): Breaker {
    return limit === null ? this.#whole : this.#breakerOf(limit);
  }

  #breakerOf(limit: InFlightLimit): Breaker {
    let breaker = this.#byLimit.get(limit);
    if (breaker === undefined) {
      breaker = new Breaker(this.#options);
      this.#byLimit.set(limit, breaker);
    }
    return breaker;
  }

  #obeyAll(scheduler: Scheduler, now: number): void {
    for (const limit of this.#byLimit.keys()) this.#obey(limit, scheduler, now);
  }

  #obey(limit: InFlightLimit, scheduler: Scheduler, now: number): void {
    const state = this.stateOf(limit, now);
    limit.permit(permitsOf(state));
    scheduler.refresh(limit.meter);
    if (state.kind === "open") {
      limit.meter.probeAt = Number.POSITIVE_INFINITY;
      scheduler.freeze(limit.meter, state.until);
    }
    if (this.#changes.length >= MOST_CHANGES) this.#changes.shift();
    this.#changes.push({ model: limit.model, state });
  }
}

function stricter(one: BreakerState, other: BreakerState): BreakerState {
  if (one.kind === "open" && other.kind === "open") return one.until >= other.until ? one : other;
  return permitsOf(one) <= permitsOf(other) ? one : other;
}

/** After its time an open breaker lets one probe through. */
function permitsOf(state: BreakerState): number {
  if (state.kind === "closed") return Number.POSITIVE_INFINITY;
  return state.kind === "open" ? 1 : state.permits;
}
