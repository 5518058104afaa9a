/**
 * Budget: what is known of one upstream account beyond its scheduler: told and learned limits, others'
 * traffic, margins, rate and concurrency. It only corrects meters; whom they admit is the scheduler's.
 */
import { type BreakerRecord, type BreakerState, DEFAULT_BREAKER } from "../breaker/breaker.ts";
import type { Demand } from "../demand.ts";
import type { LimitReading } from "../dialect.ts";
import { type Meter, MICRO_UNITS } from "../meter/meter.ts";
import { Slots } from "../meter/slots.ts";
import type { Path } from "../scheduler/path.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { Verdict } from "../verdict/verdict.ts";
import { Breakers, type Failure } from "./breakers.ts";
import { Dispatch } from "./dispatch.ts";
import { Epoch } from "./epoch.ts";
import { modelIn } from "./in-flight-limit.ts";
import { LearnedLimits, limitIn } from "./learned-limits.ts";
import { LimitDifferences } from "./limit-differences.ts";
import type {
  BudgetOptions,
  Conclusion,
  LearnedLimit,
  LimitDifference,
  MeterChange,
} from "./options.ts";
import { OwnMeters } from "./own-meters.ts";
import { PathBook } from "./path-book.ts";
import { cut, restingPlaces, waitOf } from "./refusal.ts";
import { Rest, type RestCause } from "./rest.ts";
import { Watch } from "./watch.ts";

const NO_CONCLUSION: Conclusion = Object.freeze({ frozenUntil: 0, isNewEpoch: false });
/** Of breakers, the one of the whole upstream. */
const WHOLE = "upstream";
/** A margin is set again when it has moved by more than this share of itself. */
const MARGIN_STEP = 0.05;

export class Budget {
  #scheduler: Scheduler;
  readonly #options: BudgetOptions;
  readonly #own: OwnMeters;
  readonly #learned = new LearnedLimits();
  readonly #differences = new LimitDifferences();
  /** Of refusals that name nothing. */
  readonly #unnamed = new Epoch();
  readonly #watches = new WeakMap<Meter, Watch>();
  readonly #rests = new WeakMap<Meter, Rest>();
  readonly breakers: Breakers;
  readonly #books = new WeakMap<Path, PathBook>();

  constructor(scheduler: Scheduler, options: BudgetOptions, now: number) {
    this.#scheduler = scheduler;
    this.#options = options;
    this.breakers = new Breakers(options.breaker ?? DEFAULT_BREAKER);
    this.#own = new OwnMeters(options, now, (meter) => this.#scheduler.refresh(meter));
  }

  /** Limits that headers told and no configured one covers; a new array whenever it has changed. */
  get learned(): readonly LearnedLimit[] {
    return this.#learned.list;
  }

  /** Configured limits that the provider says are lower; a new array whenever it has changed. */
  get differences(): readonly LimitDifference[] {
    return this.#differences.list;
  }

  /** The budget's own meters for calls to a model: they go to the end of its path. */
  metersFor(model: string | null): readonly Meter[] {
    return this.#own.metersFor(model);
  }

  /** Of the budget's own meters those that hold something back, or may do so. */
  get limiting(): readonly Meter[] {
    return this.#own.limiting;
  }

  /** Is a model well? */
  breakerOf(model: string | null, now: number): BreakerState {
    return this.breakers.stateOf(this.#own.inFlightFor(model), now);
  }

  /** A copy of a meter has been brought up to what another instance has done to it. */
  followed(meter: Meter, change: MeterChange, now: number): void {
    const watch = this.#watchOf(meter, now);
    watch?.followed(change.correction, now);
    if (change.foreign !== undefined) watch?.adoptForeign(change.foreign);
    if (change.margin !== undefined) watch?.adoptFloor(change.margin);
    if (change.isResized) this.#own.adopt(meter, now);
    if (change.isRested) this.#restOf(meter).adopt(now);
  }

  /** Limits that another instance has learned. */
  adoptLearned(limits: readonly LearnedLimit[]): void {
    this.#learned.adopt(limits);
    if (this.#learned.list.length > 0) this.#own.limitsLearned();
  }

  /** Breakers that have changed here, to tell other instances, by names that mean the same there. */
  takeBreakerNews(): readonly { readonly name: string; readonly record: BreakerRecord }[] {
    return this.breakers.takeNews().map(({ limit, record }) => ({
      name: limit === null ? WHOLE : limit.meter.label.selector,
      record,
    }));
  }

  /** A breaker has changed at another instance. */
  adoptBreaker(name: string, record: BreakerRecord, now: number): void {
    const limit = name === WHOLE ? null : this.#own.inFlightFor(modelIn(name));
    this.breakers.adopt({ limit, record }, this.#scheduler, now);
  }

  /** Another scheduler has taken over the same meters: what was learned of them stays. */
  attach(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
  }

  /** A granted attempt of `request` leaves now, after its debit of `demand`. */
  sent(path: Path, demand: Demand, now: number, request: object = {}): Dispatch {
    const book = this.#bookOf(path, now);
    for (let i = 0; i < book.watches.length; i++) {
      const watch = book.watches[i];
      if (watch === null) continue;
      watch.sent(book.amount(i, demand), demand, now);
      this.#keepMargin(watch);
    }
    this.#own.sent(book.inFlight, this.#scheduler.waiting > 0, now);
    return new Dispatch(path, demand, book, now, request);
  }

  /**
   * The head of its answer is here, with what its headers tell; `headAt` <= `now`.
   * Returns the readings that no meter of the path matches.
   */
  observe(
    dispatch: Dispatch,
    readings: readonly LimitReading[],
    headAt: number,
    now: number,
  ): readonly LimitReading[] {
    dispatch.headAt = headAt;
    if (readings.length === 0) {
      this.#own.answered();
      return readings;
    }
    const unmatched = readings.filter((reading) => !this.#reconcile(dispatch, reading, now));
    this.#learn(dispatch, readings, unmatched, now);
    this.#own.answered();
    return unmatched;
  }

  /** Content is here: the provider serves again. Says whether a rest was over by that. */
  accepted({ book, demand, sentAt }: Dispatch, now: number): boolean {
    let hasEnded = false;
    for (let i = 0; i < book.rests.length; i++) {
      const rest = book.rests[i];
      if (!rest.isOn(now) || book.amount(i, demand) === 0) continue;
      rest.served(sentAt, now);
      if (!rest.isOn(now)) hasEnded = true;
    }
    return hasEnded;
  }

  /**
   * The body of its answer is here, with what it tells of limits as they stand once `counted` was
   * taken; before its settlement. A refusal has taken nothing, and is told as such to `conclude`.
   */
  observeBody(
    dispatch: Dispatch,
    readings: readonly LimitReading[],
    counted: Demand,
    now: number,
  ): void {
    if (readings.length === 0) return;
    // It was counted while the body was written, not by when its head came.
    const whole = { headAt: now, counted };
    const unmatched = readings.filter((reading) => !this.#reconcile(dispatch, reading, now, whole));
    this.#learn(dispatch, readings, unmatched, now);
  }

  /** How the attempt ended, before it is settled or retried; null: without an answer. Idempotent. */
  conclude(dispatch: Dispatch, verdict: Verdict | null, now: number): Conclusion {
    if (dispatch.isOver) return NO_CONCLUSION;
    dispatch.isOver = true;
    const { book, demand } = dispatch;
    for (let i = 0; i < book.watches.length; i++) {
      book.watches[i]?.ended(book.amount(i, demand), demand, now);
    }
    return verdict === null ? NO_CONCLUSION : this.#take(dispatch, verdict, now);
  }

  /** No connection was made, or it broke: how the attempt ended, before it is settled or retried. */
  concludeUnreached(dispatch: Dispatch, now: number): Conclusion {
    if (dispatch.isOver) return NO_CONCLUSION;
    this.conclude(dispatch, null, now);
    this.#own.failed();
    return this.#unwell(dispatch, { hint: null, isOfConnection: true }, now);
  }

  #take(dispatch: Dispatch, verdict: Verdict, now: number): Conclusion {
    const failure = { hint: waitOf(verdict), isOfConnection: false };
    switch (verdict.class) {
      case "ok":
        return this.#served(dispatch, now);
      case "quota":
        this.breakers.answered(dispatch, this.#scheduler, now);
        return verdict.dimension === "concurrency"
          ? this.#crowded(dispatch, verdict, now)
          : this.#refused(dispatch, verdict, now);
      case "overload":
      case "timeout": {
        const isNewEpoch = this.#own.overloaded(dispatch.book.inFlight, dispatch.sentAt, now);
        return { ...this.#unwell(dispatch, failure, now), isNewEpoch };
      }
      case "transient":
        this.#own.failed();
        return this.#unwell(dispatch, failure, now);
      case "billing":
      case "auth":
        this.#own.failed();
        return NO_CONCLUSION;
      default:
        this.#own.failed();
        this.breakers.answered(dispatch, this.#scheduler, now);
        return NO_CONCLUSION;
    }
  }

  #unwell(dispatch: Dispatch, failure: Failure, now: number): Conclusion {
    const frozenUntil = this.breakers.failed(dispatch, failure, this.#scheduler, now);
    return frozenUntil === 0 ? NO_CONCLUSION : { frozenUntil, isNewEpoch: false };
  }

  #served(dispatch: Dispatch, now: number): Conclusion {
    const { book, demand, sentAt } = dispatch;
    for (let i = 0; i < book.rests.length; i++) {
      const rest = book.rests[i];
      if (book.amount(i, demand) > 0) rest.served(sentAt, now);
    }
    this.#own.succeeded(book.inFlight, now);
    this.breakers.answered(dispatch, this.#scheduler, now);
    return NO_CONCLUSION;
  }

  #refused(dispatch: Dispatch, verdict: Verdict, now: number): Conclusion {
    const { book, sentAt } = dispatch;
    const isCut = cut(dispatch, verdict, this.#unnamed, now);
    if (verdict.dimension === "requests" && !this.#countsRequests(dispatch)) {
      this.#own.requestsUntold(now);
    }
    const isSlowed = this.#own.refused(sentAt, now);
    const isNewEpoch = isCut || isSlowed;
    for (const watch of book.watches) if (watch !== null) this.#keepMargin(watch);
    const cause = { sentAt, wait: waitOf(verdict), isNewEpoch };
    return this.#rest(dispatch, restingPlaces(dispatch, verdict, now), cause, now);
  }

  #countsRequests({ path }: Dispatch): boolean {
    return path.meters.some(
      (meter) => meter.label.dimension === "requests" && !this.#own.isOwn(meter),
    );
  }

  /** Too many calls at once: fewer may run. Time frees no slot, but others' calls end too. */
  #crowded(dispatch: Dispatch, verdict: Verdict, now: number): Conclusion {
    const { path, book, sentAt } = dispatch;
    const isNewEpoch = this.#own.overloaded(book.inFlight, sentAt, now);
    const places = path.meters.flatMap((meter, i) => (meter === book.inFlight?.meter ? i : []));
    return this.#rest(dispatch, places, { sentAt, wait: waitOf(verdict), isNewEpoch }, now);
  }

  #rest({ book }: Dispatch, places: readonly number[], cause: RestCause, now: number): Conclusion {
    let frozenUntil = 0;
    for (const place of places) {
      book.rests[place].begin(this.#scheduler, cause, now);
      frozenUntil = Math.max(frozenUntil, book.rests[place].endsAt);
    }
    return { frozenUntil: frozenUntil > now ? frozenUntil : 0, isNewEpoch: cause.isNewEpoch };
  }

  /** Says whether a meter of the path is the one that the reading is about. */
  #reconcile(dispatch: Dispatch, reading: LimitReading, now: number, whole?: WholeAnswer): boolean {
    const { book, demand, path } = dispatch;
    if (reading.dimension === "concurrency") return hasSlots(path, limitIn(reading));
    const place = book.placeOf(reading, dispatch.told);
    if (place < 0) return false;
    dispatch.told[place] = reading;
    if (reading.remaining === null || reading.remaining < 0) return true;
    const watch = book.watches[place] as Watch;
    const amount = book.amount(place, demand);
    const told = toldBy(dispatch, reading, place, now);
    // Our books still hold all that was reserved; in their terms the surplus is yet to be given back.
    if (whole !== undefined) {
      told.remaining -= amount - book.amount(place, whole.counted);
      told.headAt = whole.headAt;
    }
    watch.observe(told, amount, demand, now);
    this.#keepMargin(watch);
    return true;
  }

  #learn(
    { book }: Dispatch,
    readings: readonly LimitReading[],
    unmatched: readonly LimitReading[],
    now: number,
  ): void {
    if (readings.some((one) => one.dimension !== "concurrency" && limitIn(one) !== null)) {
      this.#own.limitTold(now);
    }
    const model = book.inFlight === null ? null : book.inFlight.model;
    if (model === undefined) return;
    const isNew = (reading: LimitReading) => this.#isNew(book, reading, unmatched);
    this.#learned.observe(model, readings, isNew, now);
    if (this.#learned.list.length > 0) this.#own.limitsLearned();
  }

  /** Configured limits are the user's: headers only add what they leave out, or put too high. */
  #isNew(book: PathBook, reading: LimitReading, unmatched: readonly LimitReading[]): boolean {
    if (!this.#options.hasLimits) return true;
    if (!unmatched.includes(reading)) return false;
    const { limit, perMs, dimension } = reading;
    const alike = book.alike(reading).map(({ meter }) => meter);
    if (limit === null || perMs === null) return alike.length === 0;
    for (const meter of alike) this.#differences.compare(meter, perMs, limit, dimension);
    return alike.every((meter) => meter.capacity > limit * MICRO_UNITS);
  }

  #keepMargin(watch: Watch): void {
    const { meter, floorShare } = watch;
    const known = meter.margin ?? Number.NaN;
    const isKept = Math.abs(floorShare - known) <= MARGIN_STEP * known;
    if (!isKept) this.#scheduler.setMargin(meter, floorShare);
    else if (watch.hasMovedSupply()) this.#scheduler.refresh(meter);
  }

  #bookOf(path: Path, now: number): PathBook {
    const known = this.#books.get(path);
    if (known !== undefined) return known;
    const book = new PathBook(path, {
      watches: path.meters.map((meter) => this.#watchOf(meter, now)),
      rests: path.meters.map((meter) => this.#restOf(meter)),
      inFlight: this.#own.inFlightOn(path),
    });
    this.#books.set(path, book);
    return book;
  }

  #watchOf(meter: Meter, now: number): Watch | null {
    if (meter instanceof Slots || this.#own.isOwn(meter)) return null;
    let watch = this.#watches.get(meter);
    if (watch === undefined) {
      watch = new Watch(meter, this.#options.margin, now);
      this.#watches.set(meter, watch);
    }
    return watch;
  }

  #restOf(meter: Meter): Rest {
    let rest = this.#rests.get(meter);
    if (rest === undefined) {
      rest = new Rest(meter);
      this.#rests.set(meter, rest);
    }
    return rest;
  }
}

/** An answer that is here as a whole, and what the provider has counted of it. */
interface WholeAnswer {
  readonly headAt: number;
  readonly counted: Demand;
}

function hasSlots(path: Path, limit: number | null): boolean {
  return path.meters.some(
    (meter) => meter instanceof Slots && limit !== null && meter.capacity === limit * MICRO_UNITS,
  );
}

function toldBy(dispatch: Dispatch, reading: LimitReading, place: number, now: number) {
  const { sentAt, headAt, chargedAtHead } = dispatch;
  const remaining = (reading.remaining ?? 0) * MICRO_UNITS;
  const quantum = reading.quantum * MICRO_UNITS;
  const known = { remaining, quantum, sentAt, headAt: headAt ?? now };
  return chargedAtHead === null ? known : { ...known, chargedAtHead: chargedAtHead[place] };
}
