/**
 * Account: one upstream account's queue at work. It gives the scheduler its time, pumps it when
 * something has happened or is due, and tells each waiter what was decided.
 */
import type { CancelTimer, Clock } from "../../core/clock.ts";
import type { Demand } from "../../core/demand.ts";
import type { Meter } from "../../core/meter/meter.ts";
import type { Handle } from "../../core/queue/tickets.ts";
import type { SchedulerOptions } from "../../core/scheduler/options.ts";
import type { Path } from "../../core/scheduler/path.ts";
import { pressureOf } from "../../core/scheduler/pressure.ts";
import type { Refusal } from "../../core/scheduler/refusal.ts";
import { Scheduler } from "../../core/scheduler/scheduler.ts";
import type { Tenant } from "../../core/scheduler/tenant.ts";
import type { LimitRule } from "./limit-meter.ts";
import { type CallTarget, LimitTable } from "./limit-table.ts";

/** A tenant as accounts see it: its weight, and its own meters, which all accounts share. */
export interface AccountTenant {
  readonly id: string;
  readonly weight: number;
  readonly meters: readonly Meter[];
}

export interface Ask {
  readonly tenant: AccountTenant;
  readonly target: CallTarget;
  /** Index of the strict class in the scheduler's bands; asked again after a reload. */
  readonly band: () => number;
  readonly demand: Demand;
  /** Microseconds since the epoch. */
  readonly expiresAt: number;
  readonly deadline: number | null;
  readonly isChainStep: boolean;
  onGranted(): void;
  /** The wait is over without a grant. */
  onExpired(retryAfterMicros: number | null, meter: Meter | null): void;
}

export interface AccountOptions {
  readonly rules: readonly LimitRule[];
  readonly scheduler: SchedulerOptions;
  readonly clock: Clock;
  /** Share of each meter available at the start, 0 to 1. */
  readonly initialShare: number;
  /** A tenant's own meter was freed here: others may wait for it elsewhere. */
  readonly onTenantFreed: (tenantId: string) => void;
}

/** Tenants remembered per account; idle ones beyond it are forgotten. */
const REMEMBERED_TENANTS = 20_000;

export class Account {
  readonly #clock: Clock;
  readonly #limits: LimitTable;
  readonly #onTenantFreed: (tenantId: string) => void;
  #scheduler: Scheduler;
  #tenants = new Map<string, Tenant>();
  #isPumpDue = false;
  #cancelTimer: CancelTimer | null = null;
  #wakeAt = Number.POSITIVE_INFINITY;

  constructor(options: AccountOptions) {
    this.#clock = options.clock;
    this.#limits = new LimitTable(options.rules, options.initialShare);
    this.#onTenantFreed = options.onTenantFreed;
    this.#scheduler = new Scheduler(options.scheduler, options.clock.now());
  }

  get scheduler(): Scheduler {
    return this.#scheduler;
  }

  get meters(): readonly Meter[] {
    return this.#limits.meters;
  }

  get isIdle(): boolean {
    return this.#scheduler.waiting === 0 && this.#scheduler.running === 0;
  }

  /** What each tenant has waiting and running here. */
  *tenantLoads(): Iterable<{ id: string; waiting: number; running: number }> {
    for (const { id, flows } of this.#tenants.values()) {
      let waiting = 0;
      let running = 0;
      for (const flow of flows.values()) {
        waiting += flow.waiting.size;
        running += flow.granted;
      }
      if (waiting + running > 0) yield { id, waiting, running };
    }
  }

  pathFor(target: CallTarget): Path {
    return this.#limits.pathFor(target, this.#scheduler, this.#clock.now());
  }

  pressure(target: CallTarget): number {
    return pressureOf(this.pathFor(target), this.#scheduler.bands, this.#clock.now());
  }

  /** Queues a request; its listener hears of the grant or the end of the wait, never during this call. */
  ask(ask: Ask): Reservation | Refusal {
    const reservation = new Reservation(this, ask);
    const refusal = this.#enqueue(reservation);
    return refusal ?? reservation;
  }

  /** The provider refused: meters of this dimension (null: all but slots) rest until then. */
  freeze(path: Path, dimension: string | null, until: number): void {
    const timed = path.meters.filter((meter) => meter.label.dimension !== "concurrency");
    const named = timed.filter((meter) => meter.label.dimension === dimension);
    for (const meter of named.length > 0 ? named : timed) this.#scheduler.freeze(meter, until);
    this.pumpSoon();
  }

  tenantFreed(tenantId: string): void {
    const tenant = this.#tenants.get(tenantId);
    if (tenant === undefined) return;
    this.#scheduler.tenantFreed(tenant, this.#clock.now());
    this.pumpSoon();
  }

  /** New limits, bands or weights: levels stay, running calls settle, and whoever waits goes on waiting. */
  reconfigure(rules: readonly LimitRule[], options: SchedulerOptions): void {
    const waiting = this.#scheduler.drain() as Reservation[];
    this.#limits.replace(rules, this.#clock.now());
    this.#scheduler = new Scheduler(options, this.#clock.now());
    this.#tenants = new Map();
    for (const reservation of waiting) this.requeue(reservation);
    this.pumpSoon();
  }

  /** Queues a reservation of an earlier configuration again; if that is hopeless now, its wait ends. */
  requeue(reservation: Reservation): void {
    const refusal = this.#enqueue(reservation);
    if (refusal) reservation.ask.onExpired(refusal.retryAfter, refusal.meter);
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#wakeAt = Number.POSITIVE_INFINITY;
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
    this.pumpSoon();
  }

  #enqueue(reservation: Reservation): Refusal | null {
    const { ask } = reservation;
    const path = this.pathFor(ask.target);
    const answer = this.#scheduler.enqueue(
      {
        tenant: this.#tenantOf(ask.tenant),
        path,
        band: ask.band(),
        demand: ask.demand,
        expiresAt: reservation.expiresAt,
        deadline: ask.deadline,
        isChainStep: ask.isChainStep,
        reference: reservation,
      },
      this.#clock.now(),
    );
    if (answer.kind === "refused") return answer;
    reservation.place(this.#scheduler, path, answer.handle, answer.expectedWait);
    this.pumpSoon();
    return null;
  }

  #pump(): void {
    this.#isPumpDue = false;
    const now = this.#clock.now();
    const { granted, expired, wakeAt } = this.#scheduler.pump(now);
    for (const reservation of granted as Reservation[]) reservation.ask.onGranted();
    for (const reservation of expired as Reservation[]) this.#expire(reservation, now);
    if (wakeAt <= now) this.pumpSoon();
    else this.#wake(wakeAt);
  }

  #expire(reservation: Reservation, now: number): void {
    const { path, ask } = reservation;
    let binding: Meter | null = null;
    let longest = 0;
    for (const meter of path.meters) {
      const wait = meter.waitFor(1, 0, now);
      if (wait > longest && wait !== Number.POSITIVE_INFINITY) {
        longest = wait;
        binding = meter;
      }
    }
    ask.onExpired(reservation.expectedWait, binding);
  }

  #wake(wakeAt: number): void {
    if (wakeAt === this.#wakeAt) return;
    this.#cancelTimer?.();
    this.#wakeAt = wakeAt;
    if (wakeAt === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.#clock.schedule(wakeAt, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.pumpSoon();
    });
  }

  #tenantOf({ id, weight, meters }: AccountTenant): Tenant {
    const known = this.#tenants.get(id);
    if (known) return known;
    if (this.#tenants.size >= REMEMBERED_TENANTS) this.#forgetIdle();
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
  #scheduler!: Scheduler;
  #path!: Path;
  #handle: Handle = -1;
  #expectedWait = 0;

  /** When the wait ends; later than first asked once attempts have spent time at the provider. */
  expiresAt: number;

  constructor(account: Account, ask: Ask) {
    this.account = account;
    this.ask = ask;
    this.expiresAt = ask.expiresAt;
  }

  get path(): Path {
    return this.#path;
  }

  /** Foreseen when it was queued, microseconds. */
  get expectedWait(): number {
    return this.#expectedWait;
  }

  /** Called by the account when it queues it, at first and after a reload. */
  place(scheduler: Scheduler, path: Path, handle: Handle, expectedWait: number): void {
    this.#scheduler = scheduler;
    this.#path = path;
    this.#handle = handle;
    this.#expectedWait = expectedWait;
  }

  /** Leaves the queue; false if it has been granted or has ended. */
  cancel(): boolean {
    const wasWaiting = this.#scheduler.cancel(this.#handle);
    if (wasWaiting) this.account.pumpSoon();
    return wasWaiting;
  }

  /** Ends a granted reservation: `counted` is what the provider's meters have counted. Idempotent. */
  settle(counted: Demand, now: number): void {
    if (this.#scheduler.settle(this.#handle, counted, now)) this.account.settled(this.ask.tenant);
  }

  /** Settles one attempt and waits for the next, in its old place. */
  retry(counted: Demand, eligibleAt: number, expiresAt: number, now: number): void {
    this.expiresAt = expiresAt;
    if (this.#scheduler !== this.account.scheduler) {
      this.settle(counted, now);
      this.account.requeue(this);
      return;
    }
    const times = { eligibleAt, expiresAt };
    if (this.#scheduler.retry(this.#handle, counted, times, now)) {
      this.account.settled(this.ask.tenant);
    }
  }
}
