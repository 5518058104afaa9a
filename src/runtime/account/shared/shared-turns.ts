/**
 * Shared turns: a store that several instances share decides who is next. The account's scheduler
 * holds what waits and runs here, its meters are copies: by them waits are foreseen and answers judged.
 */
import type { FailurePolicy } from "../../../config/config.ts";
import type { Dispatch } from "../../../core/budget/dispatch.ts";
import type { CancelTimer } from "../../../core/clock.ts";
import { type Demand, NO_DEMAND } from "../../../core/demand.ts";
import type { SchedulerOptions } from "../../../core/scheduler/options.ts";
import type { EnqueueRequest } from "../../../core/scheduler/request.ts";
import type { LatencyClass } from "../../../core/task.ts";
import type { Entry, EntryRefusal, SharedRequest } from "../../../stores/redis/client/entry.ts";
import { SharedQueue } from "../../../stores/redis/client/shared-queue.ts";
import type { ReportedHold, StepOptions, StoreReport } from "../../../stores/redis/messages.ts";
import { shortHash } from "../../../stores/redis/short-hash.ts";
import type { AccountParts } from "../account.ts";
import type { AccountTenant } from "../ask.ts";
import type { Queue } from "../queue.ts";
import type { Reservation } from "../reservation.ts";
import type { RetryTimes } from "../retry-times.ts";
import type { Turns } from "../turns.ts";
import type { AccountShare, ShareState } from "./account-share.ts";
import { Elsewhere } from "./elsewhere.ts";
import { Learning } from "./learning.ts";
import { MeterCopies } from "./meter-copies.ts";
import { Outage } from "./outage.ts";
import { TenantGate } from "./tenant-gate.ts";

const GRANTS_PER_PUMP = 128;
const REMEMBERED_ACCOUNTS = 20_000;
/** Levels that are older are asked for before an answer is held against them. */
const FRESH_MICROS = 2_000;
/** More answers are held against what is known. */
const MOST_UNJUDGED = 1_000;
/** How long it is believed how many of a tenant wait elsewhere. */
const BELIEVED_MICROS = 250_000;
/** The same of what batch is held back on; heartbeats are more frequent while something waits. */
const HOLDS_FOR_MICROS = 1_000_000;
/** After a loss nothing is granted for so long: by then every instance has been back. */
const LEARNING_MICROS = 1_000_000;
/** While the store is silent it is looked this often whether its host says that it is down. */
const WATCH_MICROS = 100_000;
/** Leases of the others end by then, too. */
const DOWN_AFTER_MICROS = 2_000_000;

export interface SharedTurnsOptions {
  readonly share: AccountShare;
  readonly scheduler: SchedulerOptions;
  readonly initialShare: number;
  readonly tenantNow: (tenant: AccountTenant) => AccountTenant;
}

function stepOptions(scheduler: SchedulerOptions): StepOptions {
  const { bands, guarantees, ceilings = [] } = scheduler;
  return {
    ...scheduler,
    layout: shortHash(JSON.stringify([bands, guarantees, ceilings])),
    grantsPerPump: GRANTS_PER_PUMP,
    maxAccounts: REMEMBERED_ACCOUNTS,
    learningMicros: LEARNING_MICROS,
  };
}

export class SharedTurns implements Turns {
  readonly #parts: AccountParts;
  readonly #options: SharedTurnsOptions;
  readonly #queue: SharedQueue;
  readonly #copies: MeterCopies;
  readonly #elsewhere: Elsewhere;
  readonly #learning: Learning;
  readonly #gate: TenantGate;
  /** Of all that waits in the store or runs. */
  readonly #entries = new Map<Reservation, Entry>();
  #reportedAt = Number.NEGATIVE_INFINITY;
  /** What answers told, until levels are known. */
  #unjudged: ((now: number) => void)[] = [];
  #outage: Outage | null = null;
  /** Of outages that are over, in which calls still run. */
  #past: readonly Queue[] = [];
  #state: ShareState = "shared";
  /** 0: the store has never been heard of. */
  #instances = 0;
  #cancelWatch: CancelTimer = () => {};

  constructor(parts: AccountParts, options: SharedTurnsOptions) {
    this.#parts = parts;
    this.#options = options;
    const { share, scheduler, initialShare } = options;
    const { clock, limits } = parts;
    this.#queue = new SharedQueue({
      connection: share.connection,
      key: share.key,
      name: share.instance,
      options: stepOptions(scheduler),
      clock,
      initialShare,
      maxWaiting: scheduler.maxWaiting,
      onFenced: (isFenced) => this.#fenced(isFenced),
      onReport: (report) => this.#take(report),
      levelOf: (key) => this.#copies.levelOf(key, clock.now()),
      onRefusalsTold: (told) => this.#elsewhere.refused(told),
      onNote: (key, value) => this.#learning.take(key, value),
    });
    this.#copies = new MeterCopies(limits, (correction, onResult) =>
      this.#queue.correct(correction, onResult),
    );
    this.#elsewhere = new Elsewhere(this.#copies);
    const note = (key: string, value: string) => this.#queue.note(key, value);
    this.#learning = new Learning({ parts, copies: this.#copies, note });
    this.#gate = new TenantGate({
      clock,
      onPassed: (reservation, request) => this.#send(reservation, request),
      onExpired: (reservation) => this.#end(reservation, "max_wait_exceeded"),
    });
  }

  get furtherQueues(): readonly Queue[] {
    this.#past = this.#past.filter(({ scheduler }) => scheduler.running > 0);
    return this.#outage === null ? this.#past : [this.#outage.queue, ...this.#past];
  }

  divert(reservation: Reservation): "queued" | "refused" | null {
    if (this.#state === "shared") return null;
    const policy = this.#policyOf(reservation);
    if (policy === "refuse") return "refused";
    if (policy === "hold" || this.#outage === null) return null;
    return this.#outage.enqueue(reservation) ? "queued" : null;
  }

  queued(reservation: Reservation, request: EnqueueRequest): void {
    const path = this.#copies.pathOf(request.path, this.#parts.clock.now());
    const known = this.#entries.get(reservation);
    if (known?.state === "waiting") {
      const isSame = known.request.path.key === path.key && known.request.band === request.band;
      if (isSame && known.request.demand === request.demand) return;
      this.left(reservation);
    }
    if (request.tenant.meters.length > 0) this.#gate.enter(reservation, request);
    else this.#send(reservation, request);
  }

  refused({ path, band, demand }: EnqueueRequest): void {
    const shared = this.#copies.pathOf(path, this.#parts.clock.now());
    this.#queue.refused({ path: shared, band, demand });
  }

  left(reservation: Reservation): void {
    const entry = this.#entries.get(reservation);
    this.#entries.delete(reservation);
    if (entry !== undefined) this.#queue.cancel(entry);
    this.#gate.left(reservation, reservation.ask.tenant.id);
    this.#outage?.soon();
  }

  settled(reservation: Reservation, counted: Demand): void {
    const entry = this.#entries.get(reservation);
    this.#entries.delete(reservation);
    if (entry !== undefined) this.#queue.settle(entry, counted);
    this.#outage?.soon();
  }

  /** A tenant's own meters are passed anew, and a place of another life is none. */
  keepsPlaceOf(reservation: Reservation): boolean {
    const entry = this.#entries.get(reservation);
    if (entry === undefined || entry.ticket === null) return false;
    return this.#state === "shared" && reservation.ask.tenant.meters.length === 0;
  }

  retried(reservation: Reservation, counted: Demand, times: RetryTimes): void {
    const entry = this.#entries.get(reservation);
    if (entry === undefined) return;
    this.#queue.retry(entry, counted, times.eligibleAt, times.expiresAt);
  }

  soon(): void {
    this.#endHopeless();
    this.#outage?.soon();
  }

  reconfigured(options: SchedulerOptions): void {
    this.#queue.reconfigure(stepOptions(options));
  }

  freed(tenantId: string): void {
    this.#gate.open(tenantId);
    this.#outage?.soon();
  }

  whenFresh(dispatch: Dispatch, judge: (now: number) => void): void {
    const now = this.#parts.clock.now();
    if (now - this.#reportedAt <= FRESH_MICROS || this.#unjudged.length >= MOST_UNJUDGED) {
      judge(now);
      return;
    }
    dispatch.noteHead();
    this.#unjudged.push(judge);
    this.#queue.refresh();
  }

  learned(): void {
    this.#endHopeless();
    if (this.#state !== "shared") return;
    this.#copies.tell(this.#parts.clock.now());
    this.#learning.tell();
  }

  close(): Promise<void> {
    this.#cancelWatch();
    this.#gate.close();
    this.#outage?.end();
    this.#entries.clear();
    return this.#queue.close();
  }

  #send(reservation: Reservation, request: EnqueueRequest): void {
    const asked = this.#requestOf(request);
    const entry = this.#queue.enqueue(asked, {
      onQueued: (ahead) => {
        this.#elsewhere.arrived({ ...asked, count: 1 });
        this.#foresee(reservation, request, ahead);
      },
      onGranted: () => this.#granted(reservation, entry),
      onRefused: (code) => {
        if (this.#entries.get(reservation) === entry) this.#end(reservation, code);
      },
    });
    this.#entries.set(reservation, entry);
  }

  /** More of its tenant wait elsewhere than was known: is it still worth waiting? */
  #foresee(reservation: Reservation, request: EnqueueRequest, ahead: number): void {
    const elsewhere = ahead + 1 - reservation.waitingWith;
    if (elsewhere <= 0 || reservation.waitingWith === 0) return;
    const account = request.tenant.accountIn(request.band);
    account.waitingElsewhere = elsewhere;
    account.elsewhereUntil = this.#parts.clock.now() + BELIEVED_MICROS;
    reservation.withdraw();
    this.#parts.requeue(reservation);
  }

  #requestOf({ tenant, band, path, demand, ...rest }: EnqueueRequest): SharedRequest {
    const { expiresAt, deadline, isChainStep } = rest;
    const shared = this.#copies.pathOf(path, this.#parts.clock.now());
    const { id, weight } = tenant;
    return {
      ...{ tenant: id, weight, band, path: shared, demand },
      ...{ expiresAt, deadline, isChainStep },
    };
  }

  #granted(reservation: Reservation, entry: Entry): void {
    const isOurs = this.#entries.get(reservation) === entry;
    if (isOurs && !this.#gate.admits(reservation)) {
      this.#queue.settle(entry, NO_DEMAND);
      return;
    }
    if (!isOurs || !reservation.grant(this.#parts.clock.now())) {
      this.#queue.settle(entry, NO_DEMAND);
      return;
    }
    this.#gate.left(reservation, reservation.ask.tenant.id);
    reservation.ask.onGranted();
  }

  #end(reservation: Reservation, code: EntryRefusal): void {
    reservation.withdraw();
    this.#entries.delete(reservation);
    this.#gate.left(reservation, reservation.ask.tenant.id);
    const reason = code === "tenant_quota_exhausted" ? "max_wait_exceeded" : code;
    this.#parts.ended(reservation, reason, this.#parts.clock.now());
  }

  /** By what is known here of limits and of tenants' own meters; the store knows of no others' meters. */
  #endHopeless(): void {
    const { scheduler } = this.#parts;
    for (const reservation of scheduler().endHopeless() as Reservation[]) {
      this.left(reservation);
      this.#end(reservation, "max_wait_exceeded");
    }
  }

  #take(report: StoreReport): void {
    const { clock, budget, scheduler } = this.#parts;
    const now = clock.now();
    this.#reportedAt = now;
    this.#copies.copyLimits();
    this.#copies.take(report.meters, budget(), scheduler(), now);
    if (report.whole !== null) {
      this.#instances = report.whole.instances;
      this.#elsewhere.take(report.whole.bands, report.meters, scheduler(), now);
      this.#follow(report.whole.holds, now);
    }
    const unjudged = this.#unjudged;
    this.#unjudged = [];
    for (const judge of unjudged) judge(now);
    this.learned();
  }

  /** Whether batch is held back is decided there, too; here it is shown, and foreseen by. */
  #follow(holds: readonly ReportedHold[], now: number): void {
    if (holds.length === 0) return;
    const byKey = new Map(holds.map((hold) => [hold.key, hold]));
    const { relief } = this.#parts.scheduler();
    for (const path of this.#parts.limits.paths) {
      const hold = byKey.get(this.#copies.keyOf(path) ?? "");
      if (hold !== undefined) relief.follow(path, hold, now + HOLDS_FOR_MICROS, now);
    }
  }

  #fenced(isFenced: boolean): void {
    this.#cancelWatch();
    if (isFenced) this.#beSilent();
    else this.#beShared();
  }

  #beSilent(): void {
    const { share } = this.#options;
    this.#become("silent");
    this.#unjudged = [];
    for (const reservation of this.#waiting()) {
      if (this.#policyOf(reservation) !== "refuse") continue;
      this.left(reservation);
      this.#end(reservation, "store_unavailable");
    }
    // Where the store itself is gone nobody can be given what runs here.
    if (share.onLeaseLoss === "abort" && !share.connection.isRefused) this.#endLeases();
    this.#watch();
  }

  /** Others may be given the slots of what runs here. */
  #endLeases(): void {
    for (const [reservation, { state }] of [...this.#entries]) {
      if (state === "granted") reservation.ask.onLeaseLost?.();
    }
  }

  #watch(): void {
    const { clock } = this.#parts;
    this.#cancelWatch = clock.schedule(clock.now() + WATCH_MICROS, () => {
      const isDown = this.#options.share.connection.isRefused;
      const isLong = this.#queue.silence >= DOWN_AFTER_MICROS;
      if (isDown && isLong && this.#instances > 0) this.#beDown();
      else this.#watch();
    });
  }

  #beDown(): void {
    const { clock, limits, budget, scheduler, ended } = this.#parts;
    this.#become("down");
    this.#outage = new Outage({
      ...{ clock, limits, instances: this.#instances, tenantNow: this.#options.tenantNow },
      budget: budget(),
      scheduler: scheduler().options,
      onGranted: (reservation) => this.#grantedWithout(reservation),
      onEnded: ended,
    });
    for (const reservation of this.#waiting()) {
      if (this.#policyOf(reservation) !== "safe-share") continue;
      const wasQueued = reservation.withdraw();
      this.left(reservation);
      if (wasQueued) this.#parts.requeue(reservation);
    }
  }

  /** The store is told of it when it is back. */
  #grantedWithout(reservation: Reservation): void {
    const { limits, scheduler, clock } = this.#parts;
    const { ask } = reservation;
    const path = limits.pathFor(ask.target, scheduler(), clock.now());
    const tenant = (this.#outage as Outage).queue.tenantOf(ask.tenant);
    const asked = this.#requestOf(reservation.requestAt({ tenant, path }));
    const entry = this.#queue.grantedWithout(asked, { onGranted: () => {}, onRefused: () => {} });
    this.#entries.set(reservation, entry);
    ask.onGranted();
  }

  #beShared(): void {
    const waiting = this.#outage?.end() ?? [];
    if (this.#outage !== null) this.#past = [...this.#past, this.#outage.queue];
    this.#become("shared");
    this.#outage = null;
    for (const reservation of waiting) this.#parts.requeue(reservation);
  }

  #become(state: ShareState): void {
    this.#state = state;
    this.#options.share.onState(state);
  }

  #waiting(): readonly Reservation[] {
    const waiting = [...this.#entries].filter(([, { state }]) => state === "waiting");
    return waiting.map(([reservation]) => reservation);
  }

  /** Of a band that several classes share, the first one's. */
  #policyOf({ ask }: Reservation): FailurePolicy {
    const { latency } = this.#parts.scheduler().bands[ask.band()];
    return this.#options.share.onFailure[latency.split("+")[0] as LatencyClass];
  }
}
