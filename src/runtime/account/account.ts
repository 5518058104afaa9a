/**
 * Account: one upstream account's queue at work. It gives the scheduler its time, pumps it when
 * something has happened or is due, and tells each waiter what was decided.
 */
import { isDeepStrictEqual } from "node:util";
import type { BreakerState } from "../../core/breaker/breaker.ts";
import type { BreakerChange } from "../../core/budget/breakers.ts";
import { Budget } from "../../core/budget/budget.ts";
import type { Dispatch } from "../../core/budget/dispatch.ts";
import type {
  BudgetOptions,
  Conclusion,
  LearnedLimit,
  LimitDifference,
} from "../../core/budget/options.ts";
import type { Clock } from "../../core/clock.ts";
import type { Demand } from "../../core/demand.ts";
import type { LimitReading } from "../../core/dialect.ts";
import type { Meter } from "../../core/meter/meter.ts";
import type { SchedulerOptions } from "../../core/scheduler/options.ts";
import type { Path } from "../../core/scheduler/path.ts";
import { pressureOf } from "../../core/scheduler/pressure.ts";
import type { Assessment } from "../../core/scheduler/refusal.ts";
import type { EnqueueRequest } from "../../core/scheduler/request.ts";
import type { Scheduler } from "../../core/scheduler/scheduler.ts";
import type { AccountTenant, Ask, AskRefusal, AttemptEnd, StoreRefusal } from "./ask.ts";
import type { LimitRule } from "./limit-meter.ts";
import { type CallTarget, LimitTable } from "./limit-table.ts";
import { Queue, type TenantLoad } from "./queue.ts";
import { Reservation, type ReservationKeeper } from "./reservation.ts";
import type { RetryTimes } from "./retry-times.ts";
import { type StopReason, Stops, type StopTarget } from "./stops.ts";
import { LocalTurns, type Turns } from "./turns.ts";

export interface AccountOptions {
  readonly rules: readonly LimitRule[];
  readonly scheduler: SchedulerOptions;
  readonly budget: BudgetOptions;
  readonly clock: Clock;
  /** Share of each meter available at the start, 0 to 1. */
  readonly initialShare: number;
  /** A tenant's own meter was freed here: others may wait for it elsewhere. */
  readonly onTenantFreed: (tenantId: string) => void;
  /** As it is now: whoever waits may have come before the tenant was changed. */
  readonly tenantNow: (tenant: AccountTenant) => AccountTenant;
  readonly onLearned: (limits: readonly LearnedLimit[]) => void;
  readonly onDifferences: (differences: readonly LimitDifference[]) => void;
  /** A breaker has opened, lets probes through, or has closed. */
  readonly onBreaker?: (change: BreakerChange) => void;
  /** Its provider takes a credential no more. */
  readonly onStopped?: (target: StopTarget, reason: StopReason) => void;
  /** Who decides about turns. @default the account's own scheduler */
  readonly turns?: (parts: AccountParts) => Turns;
}

/** What decides about turns needs to know of its account. */
export interface AccountParts {
  readonly clock: Clock;
  readonly limits: LimitTable;
  readonly stops: Stops;
  budget(): Budget;
  scheduler(): Scheduler;
  learned(): readonly LearnedLimit[];
  /** Another instance has learned more limits. */
  adoptLearned(limits: readonly LearnedLimit[]): void;
  /** Sends it into the queue again, in the house that is open by now. */
  requeue(reservation: Reservation): void;
  /** A wait has ended without a grant. */
  ended(reservation: Reservation, code: EndCode, now: number): void;
}

export type EndCode =
  | "max_wait_exceeded"
  | "queue_full"
  | "demand_exceeds_limit"
  | "store_unavailable";

/** Nobody knows whether there is room. */
const STORE_REFUSAL: StoreRefusal = Object.freeze({
  kind: "refused",
  code: "store_unavailable",
  meter: null,
  retryAfter: 1_000_000,
});
const NO_READINGS: readonly LimitReading[] = [];
const PRESSURE_MICROS = 50_000;

export class Account implements ReservationKeeper {
  /** Credentials that its provider takes no more. */
  readonly stops = new Stops();
  readonly #clock: Clock;
  readonly #limits: LimitTable;
  readonly #onTenantFreed: (tenantId: string) => void;
  readonly #tenantNow: AccountOptions["tenantNow"];
  readonly #onLearned: AccountOptions["onLearned"];
  readonly #onDifferences: AccountOptions["onDifferences"];
  readonly #onBreaker: NonNullable<AccountOptions["onBreaker"]>;
  readonly #onStopped: NonNullable<AccountOptions["onStopped"]>;
  #rules: readonly LimitRule[];
  #queue: Queue;
  readonly #turns: Turns;
  #budgetOptions: BudgetOptions;
  #budget: Budget;
  /** As they were when its meters were made. */
  #learned: readonly LearnedLimit[];
  #differences: readonly LimitDifference[];
  #isClosed = false;
  /** Of earlier configurations, in which calls still run. */
  #earlier: readonly Queue[] = [];
  readonly #pressures = new WeakMap<Path, { readonly pressure: number; readonly at: number }>();

  constructor(options: AccountOptions) {
    this.#clock = options.clock;
    const now = options.clock.now();
    this.#onTenantFreed = options.onTenantFreed;
    this.#tenantNow = options.tenantNow;
    this.#onLearned = options.onLearned;
    this.#onDifferences = options.onDifferences;
    this.#onBreaker = options.onBreaker ?? (() => {});
    this.#onStopped = options.onStopped ?? (() => {});
    this.#rules = options.rules;
    this.#queue = new Queue(options.scheduler, options.tenantNow, now);
    this.#budgetOptions = options.budget;
    this.#budget = new Budget(this.scheduler, options.budget, now);
    this.#learned = this.#budget.learned;
    this.#differences = this.#budget.differences;
    this.#limits = new LimitTable(options.rules, options.initialShare, now, (model) =>
      this.#budget.metersFor(model),
    );
    this.#turns = (options.turns ?? localTurns)(this.#parts);
  }

  get #parts(): AccountParts {
    return {
      clock: this.#clock,
      limits: this.#limits,
      stops: this.stops,
      budget: () => this.#budget,
      scheduler: () => this.scheduler,
      learned: () => this.#learned,
      adoptLearned: (limits) => {
        this.#budget.adoptLearned(limits);
        if (this.#budget.learned !== this.#learned) this.learn(this.#budget.learned);
      },
      requeue: (reservation) => this.requeue(reservation),
      ended: (reservation, code, now) => this.#ended(reservation, code, now),
    };
  }

  get scheduler(): Scheduler {
    return this.#queue.scheduler;
  }

  /** Wherever something of it waits or runs, the present one first. */
  get #queues(): readonly Queue[] {
    return [this.#queue, ...this.#turns.furtherQueues, ...this.#earlier];
  }

  /** Schedulers in which something may wait. */
  get schedulers(): readonly Scheduler[] {
    return [this.#queue, ...this.#turns.furtherQueues].map(({ scheduler }) => scheduler);
  }

  get waiting(): number {
    return this.schedulers.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Limits, and what else holds requests back: a rate or a number in flight that is being learned. */
  get meters(): readonly Meter[] {
    return [...this.#limits.meters, ...this.#budget.limiting];
  }

  /** Limits that headers told. */
  get learned(): readonly LearnedLimit[] {
    return this.#learned;
  }

  /** The limits along a path. */
  limitsOn(path: Path): readonly Meter[] {
    return this.#limits.limitsOn(path);
  }

  /** Granted and not yet settled, also under earlier configurations. */
  get running(): number {
    return this.#queues.reduce((sum, { scheduler }) => sum + scheduler.running, 0);
  }

  get isIdle(): boolean {
    return this.waiting === 0 && this.running === 0;
  }

  /** What each tenant has waiting and running here; one may come more than once. */
  *tenantLoads(): Iterable<TenantLoad & { readonly id: string }> {
    for (const queue of this.#queues) yield* queue.loads();
  }

  /** The same of one tenant. */
  loadOf(id: string): TenantLoad {
    const loads = this.#queues.map((queue) => queue.loadOf(id));
    const sum = (of: keyof TenantLoad) => loads.reduce((total, load) => total + load[of], 0);
    return { waiting: sum("waiting"), running: sum("running") };
  }

  pathFor(target: CallTarget): Path {
    return this.#limits.pathFor(target, this.scheduler, this.#clock.now());
  }

  /** Of a path, at most 50 ms old: it moves with averages of a minute. */
  pressureAt(path: Path): number {
    const now = this.#clock.now();
    const known = this.#pressures.get(path);
    if (known !== undefined && now - known.at < PRESSURE_MICROS) return known.pressure;
    const pressure = pressureOf(path, this.scheduler.bands, now);
    this.#pressures.set(path, { pressure, at: now });
    return pressure;
  }

  /** Pressure of the whole pool: the largest of its meters. */
  get poolPressure(): number {
    const now = this.#clock.now();
    const { bands } = this.scheduler;
    return Math.max(0, ...this.#limits.paths.map((path) => pressureOf(path, bands, now)));
  }

  /** What `ask` would say to it now. */
  assess(ask: Ask): Assessment {
    const request = this.#requestOf(new Reservation(this, ask), ask.expiresAt);
    return this.scheduler.assess(request, this.#clock.now());
  }

  /** Queues a request; its listener hears of the grant or the end of the wait, never during this call. */
  ask(ask: Ask): Reservation | AskRefusal {
    const reservation = new Reservation(this, ask);
    const refusal = this.#enqueue(reservation);
    return refusal ?? reservation;
  }

  /** A granted attempt of `request` leaves now. */
  sent(path: Path, demand: Demand, now: number, request: object): Dispatch {
    return this.#budget.sent(path, demand, now, request);
  }

  /** The head of its answer is here, with what it tells of limits. */
  observe(dispatch: Dispatch, read: () => readonly LimitReading[], isRefusal: boolean): void {
    const headAt = this.#clock.now();
    const isDue = isRefusal || dispatch.book.isReadingDue(headAt);
    const readings = isDue ? read() : NO_READINGS;
    const judge = (now: number) => {
      this.#budget.observe(dispatch, readings, headAt, now);
      this.#takeNews();
    };
    if (isRefusal || readings.length === 0) judge(headAt);
    else this.#turns.whenFresh(dispatch, judge);
  }

  /** The first content of its answer is here. */
  accepted(dispatch: Dispatch): void {
    const hasRoom = this.#budget.accepted(dispatch, this.#clock.now());
    if (!hasRoom) return;
    this.#turns.learned();
    if (this.scheduler.waiting > 0) this.#turns.soon();
  }

  /** The body of its answer is here, with what it tells of limits as they stand once `counted` was taken. */
  observeBody(dispatch: Dispatch, readings: readonly LimitReading[], counted: Demand): void {
    this.#turns.whenFresh(dispatch, (now) => {
      this.#budget.observeBody(dispatch, readings, counted, now);
      this.#takeNews();
    });
  }

  #takeNews(): void {
    if (this.#budget.learned !== this.#learned) this.learn(this.#budget.learned);
    this.#tellDifferences(this.#budget.differences);
    this.#turns.learned();
    if (this.scheduler.waiting > 0) this.#turns.soon();
  }

  #tellDifferences(differences: readonly LimitDifference[]): void {
    if (differences === this.#differences) return;
    const news = differences.filter((difference) => !this.#differences.includes(difference));
    this.#differences = differences;
    this.#onDifferences(news);
  }

  /** How an attempt ended. Idempotent. */
  conclude(dispatch: Dispatch, end: AttemptEnd, now: number): Conclusion {
    const conclusion =
      end === "unreached"
        ? this.#budget.concludeUnreached(dispatch, now)
        : this.#budget.conclude(dispatch, end, now);
    for (const change of this.#budget.breakers.takeChanges()) this.#onBreaker(change);
    this.#turns.learned();
    if (this.scheduler.waiting > 0) this.#turns.soon();
    return conclusion;
  }

  /** Nothing more is sent so but one request a minute. */
  stop(target: CallTarget, reason: StopReason): void {
    if (this.stops.stop(target, reason, this.#clock.now())) this.#onStopped(target, reason);
    this.#turns.learned();
  }

  /** Is a model well? */
  breakerOf(model: string | null): BreakerState {
    return this.#budget.breakerOf(model, this.#clock.now());
  }

  /** Of every model that has failed. */
  get breakers(): readonly BreakerChange[] {
    return [...this.#budget.breakers.states(this.#clock.now())];
  }

  /** Limits that headers told are kept from now on. */
  learn(limits: readonly LearnedLimit[]): void {
    const news = limits.filter((limit) => !this.#learned.includes(limit));
    this.#learned = limits;
    this.#rebuild(this.scheduler.options);
    this.#onLearned(news);
  }

  tenantFreed(tenantId: string): void {
    const now = this.#clock.now();
    const isKnown = this.#queues.map((queue) => queue.freed(tenantId, now)).includes(true);
    if (isKnown) this.#turns.freed(tenantId);
  }

  /** A tenant's own meter has less than was thought: who would wait for it in vain is refused. */
  tenantDrained(meter: Meter): void {
    const now = this.#clock.now();
    for (const scheduler of this.schedulers) scheduler.tenantDrained(meter, now);
    this.#turns.soon();
  }

  /** Its weight or its own meters are others now; whoever waits goes on waiting under them. */
  tenantChanged(tenantId: string): void {
    if (this.#queue.knows(tenantId)) this.#rebuild(this.scheduler.options);
  }

  /** New limits, bands or weights: levels stay, running calls settle, and whoever waits goes on waiting. */
  reconfigure(rules: readonly LimitRule[], options: SchedulerOptions, budget: BudgetOptions): void {
    this.#rules = rules;
    if (!isDeepStrictEqual(budget, this.#budgetOptions)) {
      this.#budgetOptions = budget;
      this.#budget = new Budget(this.scheduler, budget, this.#clock.now());
      this.#learned = this.#budget.learned;
      this.#differences = this.#budget.differences;
    }
    this.#rebuild(options);
  }

  /** A scheduler over the limits as they are now; whoever waits goes over to it. */
  #rebuild(options: SchedulerOptions): void {
    const before = this.scheduler.options;
    const waiting = this.scheduler.drain() as Reservation[];
    this.#earlier = [...this.#earlier, this.#queue].filter(
      ({ scheduler }) => scheduler.running > 0,
    );
    this.#limits.replace(this.#rules, this.#clock.now(), this.#learned);
    this.#queue = new Queue(options, this.#tenantNow, this.#clock.now());
    this.#budget.attach(this.scheduler);
    for (const reservation of waiting) this.requeue(reservation);
    if (!isDeepStrictEqual(options, before)) this.#turns.reconfigured(options);
    this.#turns.learned();
    this.#turns.soon();
  }

  /** Queues a reservation of an earlier configuration again; if that is hopeless now, its wait ends. */
  requeue(reservation: Reservation): void {
    reservation.refresh();
    const refusal = this.#enqueue(reservation);
    if (refusal === null) return;
    this.#turns.left(reservation);
    reservation.ask.onRefused(refusal);
  }

  /** Ends every wait, also of who would wait later; what runs is still settled. Resolves when others have been told. */
  close(): Promise<void> {
    this.#isClosed = true;
    const waiting = this.#drain();
    const closed = this.#turns.close();
    for (const { ask } of waiting) ask.onClosed();
    return closed;
  }

  #drain(): readonly Reservation[] {
    return this.schedulers.flatMap((scheduler) => scheduler.drain() as Reservation[]);
  }

  /** Called by reservations. */
  left(reservation: Reservation): void {
    this.#turns.left(reservation);
  }

  /** Called by reservations. */
  settled(reservation: Reservation, counted: Demand): void {
    const { tenant } = reservation.ask;
    if (tenant.meters.length > 0) this.#onTenantFreed(tenant.id);
    this.#turns.settled(reservation, counted);
  }

  /** Called by reservations. */
  keepsPlaceOf(reservation: Reservation): boolean {
    return this.#turns.keepsPlaceOf(reservation);
  }

  /** Called by reservations. */
  retried(reservation: Reservation, counted: Demand, times: RetryTimes): void {
    const { tenant } = reservation.ask;
    if (tenant.meters.length > 0) this.#onTenantFreed(tenant.id);
    this.#turns.retried(reservation, counted, times);
  }

  #enqueue(reservation: Reservation): AskRefusal | null {
    const diverted = this.#turns.divert(reservation);
    if (diverted !== null) return diverted === "queued" ? null : STORE_REFUSAL;
    const request = this.#requestOf(reservation, reservation.expiresAt);
    const answer = this.scheduler.enqueue(request, this.#clock.now());
    if (answer.kind === "refused") {
      const isCounted = reservation.isPlaced || answer.code === "demand_exceeds_limit";
      if (!isCounted) this.#turns.refused(request);
      return answer;
    }
    reservation.place(this.scheduler, request.path, answer.handle);
    reservation.expectedWait = answer.expectedWait;
    if (this.#isClosed) queueMicrotask(() => this.#endLateWaits());
    else this.#turns.queued(reservation, request);
    return null;
  }

  #endLateWaits(): void {
    for (const { ask } of this.#drain()) ask.onClosed();
  }

  #requestOf(reservation: Reservation, expiresAt: number): EnqueueRequest {
    const { ask } = reservation;
    const place = { tenant: this.#queue.tenantOf(ask.tenant), path: this.pathFor(ask.target) };
    return reservation.requestAt(place, expiresAt);
  }

  /** What was foreseen when it came has not held: it is told what one that comes now would be told. */
  #ended(reservation: Reservation, code: EndCode, now: number): void {
    if (code === "store_unavailable") {
      reservation.ask.onRefused(STORE_REFUSAL);
      return;
    }
    const request = this.#requestOf(reservation, now);
    const answer = this.scheduler.assess(request, now);
    const { retryAfter, meter } =
      answer.kind === "refused" ? answer : { retryAfter: answer.wait, meter: null };
    const isOwn = answer.kind === "refused" && answer.code === "tenant_quota_exhausted";
    const reason = isOwn && code === "max_wait_exceeded" ? answer.code : code;
    reservation.ask.onRefused({ kind: "refused", code: reason, meter, retryAfter });
  }
}

function localTurns({ clock, scheduler, ended }: AccountParts): Turns {
  return new LocalTurns({
    clock,
    scheduler,
    onGranted: ({ ask }) => ask.onGranted(),
    onEnded: ended,
  });
}
