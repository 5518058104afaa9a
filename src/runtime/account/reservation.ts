/** Reservation: one request's place in an account, from its queueing to its settlement. */
import type { Dispatch } from "../../core/budget/dispatch.ts";
import type { Conclusion } from "../../core/budget/options.ts";
import { type Demand, NO_DEMAND } from "../../core/demand.ts";
import type { LimitReading } from "../../core/dialect.ts";
import type { Handle } from "../../core/queue/tickets.ts";
import { waitOfRequests } from "../../core/scheduler/expected-wait.ts";
import type { Path } from "../../core/scheduler/path.ts";
import type { EnqueueRequest } from "../../core/scheduler/request.ts";
import type { Scheduler } from "../../core/scheduler/scheduler.ts";
import type { Ask, AttemptEnd } from "./ask.ts";
import type { RetryTimes } from "./retry-times.ts";

/** What a reservation asks of its account. */
export interface ReservationKeeper {
  /** The one in which it would be queued now. */
  readonly scheduler: Scheduler;
  sent(path: Path, demand: Demand, now: number, request: object): Dispatch;
  observe(dispatch: Dispatch, read: () => readonly LimitReading[], isRefusal: boolean): void;
  accepted(dispatch: Dispatch): void;
  observeBody(dispatch: Dispatch, readings: readonly LimitReading[], counted: Demand): void;
  conclude(dispatch: Dispatch, end: AttemptEnd, now: number): Conclusion;
  left(reservation: Reservation): void;
  settled(reservation: Reservation, counted: Demand): void;
  keepsPlaceOf(reservation: Reservation): boolean;
  retried(reservation: Reservation, counted: Demand, times: RetryTimes): void;
  requeue(reservation: Reservation): void;
}

/** One request's place in an account: waiting, then granted, then settled once. */
export class Reservation {
  readonly kind = "reservation";
  readonly account: ReservationKeeper;
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

  constructor(account: ReservationKeeper, ask: Ask) {
    this.account = account;
    this.ask = ask;
    this.#demand = ask.demand;
    this.expiresAt = ask.expiresAt;
  }

  /** What it takes from the meters when it is granted. */
  get demand(): Demand {
    return this.#demand;
  }

  /** It has waited here before. */
  get isPlaced(): boolean {
    return this.#path !== undefined;
  }

  /** Asks for what is known by now; only while it holds nothing. */
  refresh(): void {
    this.#demand = this.ask.demandNow?.() ?? this.#demand;
  }

  get path(): Path {
    return this.#path;
  }

  /** What is asked of a scheduler that knows its tenant and path. */
  requestAt(
    place: Pick<EnqueueRequest, "tenant" | "path">,
    expiresAt = this.expiresAt,
  ): EnqueueRequest {
    const { band, deadline, isChainStep, isPatient = false, isNewcomer = true } = this.ask;
    return {
      ...place,
      band: band(),
      demand: this.#demand,
      expiresAt,
      deadline,
      isChainStep,
      isPatient,
      isNewcomer: isNewcomer && !this.isPlaced,
      reference: this,
    };
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
    if (wasWaiting) this.account.left(this);
    return wasWaiting;
  }

  /** Somebody else than its scheduler has decided that it may go; false: it waits no longer. */
  grant(now: number): boolean {
    return this.#scheduler.grant(this.#handle, now);
  }

  /** Takes it out of its scheduler, without telling the account. */
  withdraw(): boolean {
    return this.#scheduler.cancel(this.#handle);
  }

  /** Of its tenant and band: how many wait in its scheduler, this one included. */
  get waitingWith(): number {
    return this.#scheduler.waitingWith(this.#handle);
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
      this.account.settled(this, counted);
    }
  }

  /**
   * Until when its limits of requests keep it, were it next in line once this attempt is settled,
   * microseconds: `counted` is what the attempt has taken of them for good.
   */
  keptUntil(counted: Demand, now: number): number {
    return now + waitOfRequests(this.path, counted, now);
  }

  /** Settles one attempt and waits for the next, in its old place. */
  retry(counted: Demand, eligibleAt: number, expiresAt: number, now: number): void {
    this.conclude(null, now);
    this.expiresAt = expiresAt;
    const isSame = this.#scheduler === this.account.scheduler && !this.#isOutdated();
    if (!isSame || !this.account.keepsPlaceOf(this)) {
      this.settle(counted, now, NO_DEMAND);
      this.account.requeue(this);
      return;
    }
    const times = { eligibleAt, expiresAt };
    if (this.#scheduler.retry(this.#handle, counted, times, now)) {
      this.account.retried(this, counted, times);
    }
  }
}
