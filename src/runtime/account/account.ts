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
import type { CancelTimer, Clock } from "../../core/clock.ts";
import { type Demand, NO_DEMAND } from "../../core/demand.ts";
import type { LimitReading } from "../../core/dialect.ts";
import type { Meter } from "../../core/meter/meter.ts";
import type { Handle } from "../../core/queue/tickets.ts";
import type { SchedulerOptions } from "../../core/scheduler/options.ts";
import type { Path } from "../../core/scheduler/path.ts";
import { pressureOf } from "../../core/scheduler/pressure.ts";
import type { Assessment, Refusal } from "../../core/scheduler/refusal.ts";
import type { EnqueueRequest } from "../../core/scheduler/request.ts";
import { Scheduler } from "../../core/scheduler/scheduler.ts";
import type { Tenant } from "../../core/scheduler/tenant.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import type { LimitRule } from "./limit-meter.ts";
import { type CallTarget, LimitTable } from "./limit-table.ts";
import { type StopReason, Stops, type StopTarget } from "./stops.ts";

/** A tenant as accounts see it: its weight, and its own meters, which all accounts share. */
export interface AccountTenant {
  readonly id: string;
  readonly weight: number;
  readonly meters: readonly Meter[];
}

export interface Ask {
  /** The same object for all asks of one request, at whatever account. */
  readonly request: object;
  readonly tenant: AccountTenant;
  readonly target: CallTarget;
  /** Index of the strict class in the scheduler's bands; asked again after a reload. */
  readonly band: () => number;
  readonly demand: Demand;
  /** The demand by what is known by now, asked again whenever it queues anew; absent: it stays the same. */
  readonly demandNow?: () => Demand;
  /** Microseconds since the epoch. */
  readonly expiresAt: number;
  readonly deadline: number | null;
  readonly isChainStep: boolean;
  /** It waits to the end, however little hope there is. @default false */
  readonly isPatient?: boolean;
  /** It has not waited or run anywhere before. @default true */
  readonly isNewcomer?: boolean;
  onGranted(): void;
  /** The wait is over without a grant: its time has come, or a reload has made it hopeless. */
  onRefused(refusal: Refusal): void;
  /** The account is closed: there will be no grant. */
  onClosed(): void;
}

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
}

/** An answer, judged; no connection, or a broken one; null: neither, and nobody is to blame. */
export type AttemptEnd = Verdict | "unreached" | null;

const NO_READINGS: readonly LimitReading[] = [];
const PRESSURE_MICROS = 50_000;

/** Tenants remembered per account; idle ones beyond it are forgotten. */
const REMEMBERED_TENANTS = 20_000;

export class Account {
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
  #scheduler: Scheduler;
  #budgetOptions: BudgetOptions;
  #budget: Budget;
  /** As they were when its meters were made. */
  #learned: readonly LearnedLimit[];
  #differences: readonly LimitDifference[];
  #tenants = new Map<string, Tenant>();
  /** Schedulers of earlier configurations, in which calls still run. */
  #earlier: readonly {
    readonly scheduler: Scheduler;
    readonly tenants: ReadonlyMap<string, Tenant>;
  }[] = [];
  readonly #pressures = new WeakMap<Path, { readonly pressure: number; readonly at: number }>();
  #isPumpDue = false;
  #isClosed = false;
  #cancelTimer: CancelTimer | null = null;
  #wakeAt = Number.POSITIVE_INFINITY;

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
    this.#scheduler = new Scheduler(options.scheduler, now);
    this.#budgetOptions = options.budget;
    this.#budget = new Budget(this.#scheduler, options.budget, now);
    this.#learned = this.#budget.learned;
    this.#differences = this.#budget.differences;
    this.#limits = new LimitTable(options.rules, options.initialShare, now, (model) =>
      this.#budget.metersFor(model),
    );
  }

  get scheduler(): Scheduler {
    return this.#scheduler;
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
    const earlier = this.#earlier.reduce((sum, { scheduler }) => sum + scheduler.running, 0);
    return this.#scheduler.running + earlier;
  }

  get isIdle(): boolean {
    return this.#scheduler.waiting === 0 && this.running === 0;
  }

  /** What each tenant has waiting and running here; one may come more than once. */
  *tenantLoads(): Iterable<{ id: string; waiting: number; running: number }> {
    const earlier = this.#earlier.flatMap(({ tenants }) => [...tenants.values()]);
    for (const { id, flows } of [...this.#tenants.values(), ...earlier]) {
      let waiting = 0;
      let running = 0;
      for (const flow of flows.values()) {
        waiting += flow.queued;
        running += flow.granted;
      }
      if (waiting + running > 0) yield { id, waiting, running };
    }
  }

  /** The same of one tenant. */
  loadOf(id: string): { readonly waiting: number; readonly running: number } {
    let waiting = 0;
    let running = 0;
    for (const tenants of [this.#tenants, ...this.#earlier.map((one) => one.tenants)]) {
      for (const flow of tenants.get(id)?.flows.values() ?? []) {
        waiting += flow.queued;
        running += flow.granted;
      }
    }
    return { waiting, running };
  }

  pathFor(target: CallTarget): Path {
    return this.#limits.pathFor(target, this.#scheduler, this.#clock.now());
  }

  /** Of a path, at most 50 ms old: it moves with averages of a minute. */
  pressureAt(path: Path): number {
    const now = this.#clock.now();
    const known = this.#pressures.get(path);
    if (known !== undefined && now - known.at < PRESSURE_MICROS) return known.pressure;
    const pressure = pressureOf(path, this.#scheduler.bands, now);
    this.#pressures.set(path, { pressure, at: now });
    return pressure;
  }

  /** Pressure of the whole pool: the largest of its meters. */
  get poolPressure(): number {
    const now = this.#clock.now();
    const { bands } = this.#scheduler;
    return Math.max(0, ...this.#limits.paths.map((path) => pressureOf(path, bands, now)));
  }

  /** What `ask` would say to it now. */
  assess(ask: Ask): Assessment {
    const request = this.#requestOf(new Reservation(this, ask), ask.expiresAt);
    return this.#scheduler.assess(request, this.#clock.now());
  }

  /** Queues a request; its listener hears of the grant or the end of the wait, never during this call. */
  ask(ask: Ask): Reservation | Refusal {
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
    const now = this.#clock.now();
    const isDue = isRefusal || dispatch.book.isReadingDue(now);
    this.#budget.observe(dispatch, isDue ? read() : NO_READINGS, now, now);
    this.#takeNews();
  }

  /** The first content of its answer is here. */
  accepted(dispatch: Dispatch): void {
    const hasRoom = this.#budget.accepted(dispatch, this.#clock.now());
    if (hasRoom && this.#scheduler.waiting > 0) this.pumpSoon();
  }

  /** The body of its answer is here, with what it tells of limits as they stand once `counted` was taken. */
  observeBody(dispatch: Dispatch, readings: readonly LimitReading[], counted: Demand): void {
    this.#budget.observeBody(dispatch, readings, counted, this.#clock.now());
    this.#takeNews();
  }

  #takeNews(): void {
    if (this.#budget.learned !== this.#learned) this.learn(this.#budget.learned);
    this.#tellDifferences(this.#budget.differences);
    if (this.#scheduler.waiting > 0) this.pumpSoon();
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
    if (this.#scheduler.waiting > 0) this.pumpSoon();
    return conclusion;
  }

  /** Nothing more is sent so but one request a minute. */
  stop(target: CallTarget, reason: StopReason): void {
    if (this.stops.stop(target, reason, this.#clock.now())) this.#onStopped(target, reason);
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
    this.#rebuild(this.#scheduler.options);
    this.#onLearned(news);
  }

  tenantFreed(tenantId: string): void {
    const tenant = this.#tenants.get(tenantId);
    if (tenant === undefined) return;
    this.#scheduler.tenantFreed(tenant, this.#clock.now());
    this.pumpSoon();
  }

  /** Its weight or its own meters are others now; whoever waits goes on waiting under them. */
  tenantChanged(tenantId: string): void {
    if (this.#tenants.has(tenantId)) this.#rebuild(this.#scheduler.options);
  }

  /** New limits, bands or weights: levels stay, running calls settle, and whoever waits goes on waiting. */
  reconfigure(rules: readonly LimitRule[], options: SchedulerOptions, budget: BudgetOptions): void {
    this.#rules = rules;
    if (!isDeepStrictEqual(budget, this.#budgetOptions)) {
      this.#budgetOptions = budget;
      this.#budget = new Budget(this.#scheduler, budget, this.#clock.now());
      this.#learned = this.#budget.learned;
      this.#differences = this.#budget.differences;
    }
    this.#rebuild(options);
  }

  /** A scheduler over the limits as they are now; whoever waits goes over to it. */
  #rebuild(options: SchedulerOptions): void {
    const waiting = this.#scheduler.drain() as Reservation[];
    const before = { scheduler: this.#scheduler, tenants: this.#tenants };
    this.#earlier = [...this.#earlier, before].filter(({ scheduler }) => scheduler.running > 0);
    this.#limits.replace(this.#rules, this.#clock.now(), this.#learned);
    this.#scheduler = new Scheduler(options, this.#clock.now());
    this.#budget.attach(this.#scheduler);
    this.#tenants = new Map();
    for (const reservation of waiting) this.requeue(reservation);
    this.pumpSoon();
  }

  /** Queues a reservation of an earlier configuration again; if that is hopeless now, its wait ends. */
  requeue(reservation: Reservation): void {
    reservation.refresh();
    const refusal = this.#enqueue(reservation);
    if (refusal) reservation.ask.onRefused(refusal);
  }

  /** Ends every wait, also of who would wait later; what runs is still settled. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#endWaits();
  }

  #endWaits(): void {
    for (const { ask } of this.#scheduler.drain() as Reservation[]) ask.onClosed();
  }

  /** Pumps once in this turn of the event loop, however much has happened in it. */
  pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    queueMicrotask(() => this.#pump());
  }

  /** Called by reservations. */
  settled(tenant: AccountTenant): void {
    if (tenant.meters.length > 0) this.#onTenantFreed(tenant.id);
    if (this.#scheduler.waiting > 0) this.pumpSoon();
  }

  #enqueue(reservation: Reservation): Refusal | null {
    const request = this.#requestOf(reservation, reservation.expiresAt);
    const answer = this.#scheduler.enqueue(request, this.#clock.now());
    if (answer.kind === "refused") return answer;
    reservation.place(this.#scheduler, request.path, answer.handle);
    reservation.expectedWait = answer.expectedWait;
    this.pumpSoon();
    return null;
  }

  #requestOf(reservation: Reservation, expiresAt: number): EnqueueRequest {
    const { ask, demand } = reservation;
    return {
      tenant: this.#tenantOf(ask.tenant),
      path: this.pathFor(ask.target),
      band: ask.band(),
      demand,
      expiresAt,
      deadline: ask.deadline,
      isChainStep: ask.isChainStep,
      isPatient: ask.isPatient ?? false,
      isNewcomer: (ask.isNewcomer ?? true) && !reservation.isPlaced,
      reference: reservation,
    };
  }

  #pump(): void {
    this.#isPumpDue = false;
    if (this.#isClosed) {
      this.#endWaits();
      return;
    }
    const now = this.#clock.now();
    const { granted, expired, displaced, wakeAt } = this.#scheduler.pump(now);
    for (const reservation of granted as Reservation[]) reservation.ask.onGranted();
    for (const reservation of expired as Reservation[]) {
      this.#expire(reservation, "max_wait_exceeded", now);
    }
    for (const reservation of displaced as Reservation[]) {
      this.#expire(reservation, "queue_full", now);
    }
    if (wakeAt <= now) this.pumpSoon();
    else this.#wake(wakeAt);
  }

  /** What was foreseen when it came has not held: it is told what one that comes now would be told. */
  #expire(reservation: Reservation, code: "max_wait_exceeded" | "queue_full", now: number): void {
    const request = this.#requestOf(reservation, now);
    const answer = this.#scheduler.assess(request, now);
    const { retryAfter, meter } =
      answer.kind === "refused" ? answer : { retryAfter: answer.wait, meter: null };
    const isOwn = answer.kind === "refused" && answer.code === "tenant_quota_exhausted";
    const reason = isOwn && code === "max_wait_exceeded" ? answer.code : code;
    reservation.ask.onRefused({ kind: "refused", code: reason, meter, retryAfter });
  }

  /** A timer that is set for an earlier time stays: it pumps once for nothing, which costs less. */
  #wake(wakeAt: number): void {
    if (wakeAt >= this.#wakeAt) return;
    this.#cancelTimer?.();
    this.#wakeAt = wakeAt;
    this.#cancelTimer = this.#clock.schedule(wakeAt, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.pumpSoon();
    });
  }

  #tenantOf(asking: AccountTenant): Tenant {
    const known = this.#tenants.get(asking.id);
    if (known) return known;
    if (this.#tenants.size >= REMEMBERED_TENANTS) this.#forgetIdle();
    const { id, weight, meters } = this.#tenantNow(asking);
    const tenant = this.#scheduler.tenant({ id, weight, meters });
    this.#tenants.set(id, tenant);
    return tenant;
  }

  #forgetIdle(): void {
    for (const [id, tenant] of this.#tenants) {
      if (this.#scheduler.forget(tenant)) this.#tenants.delete(id);
    }
  }
}

/** One request's place in an account: waiting, then granted, then settled once. */
export class Reservation {
  readonly kind = "reservation";
  readonly account: Account;
  readonly ask: Ask;
  #demand: Demand;
  #scheduler!: Scheduler;
  #path!: Path;
  #handle: Handle = -1;
  /** Null: nothing is under way. */
  #dispatch: Dispatch | null = null;

  /** When the wait ends; later than first asked once attempts have spent time at the provider. */
  expiresAt: number;
  /** As foreseen when it was queued, microseconds. */
  expectedWait = 0;

  constructor(account: Account, ask: Ask) {
    this.account = account;
    this.ask = ask;
    this.#demand = ask.demand;
    this.expiresAt = ask.expiresAt;
  }

  /** What it takes from the meters when it is granted. */
  get demand(): Demand {
    return this.#demand;
  }

  /** Asks for what is known by now; only while it holds nothing. */
  refresh(): void {
    this.#demand = this.ask.demandNow?.() ?? this.#demand;
  }

  get path(): Path {
    return this.#path;
  }

  /** It has waited here before. */
  get isPlaced(): boolean {
    return this.#path !== undefined;
  }

  /** Called by the account when it queues it, at first and after a reload. */
  place(scheduler: Scheduler, path: Path, handle: Handle): void {
    this.#scheduler = scheduler;
    this.#path = path;
    this.#handle = handle;
  }

  /** Leaves the queue; false if it has been granted or has ended. */
  cancel(): boolean {
    const wasWaiting = this.#scheduler.cancel(this.#handle);
    if (wasWaiting) this.account.pumpSoon();
    return wasWaiting;
  }

  #isOutdated(): boolean {
    const { demandNow } = this.ask;
    return demandNow !== undefined && demandNow() !== this.#demand;
  }

  /** An attempt leaves now. */
  sent(now: number): void {
    this.#dispatch = this.account.sent(this.path, this.#demand, now, this.ask.request);
  }

  /** The head of the attempt's answer is here, with what it tells of limits. */
  observe(read: () => readonly LimitReading[], isRefusal: boolean): void {
    if (this.#dispatch !== null) this.account.observe(this.#dispatch, read, isRefusal);
  }

  /** The first content of the attempt's answer is here. */
  accepted(): void {
    if (this.#dispatch !== null) this.account.accepted(this.#dispatch);
  }

  /** The body of the attempt's answer is here, with what it tells of limits once `counted` was taken. */
  observeBody(readings: readonly LimitReading[], counted: Demand): void {
    if (this.#dispatch !== null) this.account.observeBody(this.#dispatch, readings, counted);
  }

  /** How the attempt ended. Returns until when its meters rest or a breaker is open, 0: neither. */
  conclude(end: AttemptEnd, now: number): number {
    const dispatch = this.#dispatch;
    if (dispatch === null) return 0;
    this.#dispatch = null;
    return this.account.conclude(dispatch, end, now).frozenUntil;
  }

  /**
   * Ends a granted reservation: `counted` is what the provider's meters have counted, `used` what
   * the tenant has really used, for its own meters. Idempotent.
   */
  settle(counted: Demand, now: number, used: Demand = counted): void {
    this.conclude(null, now);
    if (this.#scheduler.settle(this.#handle, counted, now, used)) {
      this.account.settled(this.ask.tenant);
    }
  }

  /** Settles one attempt and waits for the next, in its old place. */
  retry(counted: Demand, eligibleAt: number, expiresAt: number, now: number): void {
    this.conclude(null, now);
    this.expiresAt = expiresAt;
    if (this.#scheduler !== this.account.scheduler || this.#isOutdated()) {
      this.settle(counted, now, NO_DEMAND);
      this.account.requeue(this);
      return;
    }
    const times = { eligibleAt, expiresAt };
    if (this.#scheduler.retry(this.#handle, counted, times, now)) {
      this.account.settled(this.ask.tenant);
    }
  }
}
