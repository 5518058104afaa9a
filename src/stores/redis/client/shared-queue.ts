/**
 * Shared queue: what this instance has in the queue of an account that others use too. Requests wait
 * in Redis; here is who hears of their grants, and what has to be told again if Redis forgets.
 */
import type { CancelTimer, Clock } from "../../../core/clock.ts";
import { type Demand, NO_DEMAND } from "../../../core/demand.ts";
import type { Correction, OperationResult, StoreRefusal, Ticket } from "../../store.ts";
import type { Connection } from "../connection.ts";
import type { NoteOperation, StepOptions, StepReply, StoreReport } from "../messages.ts";
import type { Asked, PastLife } from "./asked.ts";
import {
  type CountedRequests,
  Entry,
  type EntryListener,
  type EntryRefusal,
  enqueueOf,
  type SharedPath,
  type SharedRequest,
} from "./entry.ts";
import { Notes } from "./notes.ts";
import { Refusals } from "./refusals.ts";
import { pathsOf, retold, type Unsettled } from "./retelling.ts";
import { Session } from "./session.ts";
import { SettledLog } from "./settled-log.ts";

/** How often waits are ended here while the store is silent. */
const WATCH_MICROS = 100_000;
/** How often the whole is reported, while there are steps. */
const REPORT_MICROS = 50_000;
/** Paths are told again, because a calendar's windows are told in advance. */
const TELL_AGAIN_MICROS = 86_400_000_000;
/** Requests that were granted without the store and have ended; of more the oldest are not told of. */
const MOST_UNTOLD = 10_000;

export interface SharedQueueOptions {
  readonly connection: Connection;
  /** One hash tag an account, e.g. `{sluice:openai}`. */
  readonly key: string;
  readonly options: StepOptions;
  readonly clock: Clock;
  /** Unique among all instances that ever live. */
  readonly name: string;
  /** Share of each new meter that is available, 0 to 1. */
  readonly initialShare: number;
  /** Requests that may wait here at the same time. */
  readonly maxWaiting: number;
  /** The store has been silent for so long that nothing new may be sent, or answers again. */
  readonly onFenced: (isFenced: boolean) => void;
  /** How meters are, with every step, and the whole about every 50 ms; absent: nobody wants to know. */
  readonly onReport?: (report: StoreReport) => void;
  /** What was left of a meter when it was last heard of, micro-units: for a store that has lost it. */
  readonly levelOf?: (key: string) => number | null;
  /** What was refused here is told with the step that is being made. */
  readonly onRefusalsTold?: (told: CountedRequests) => void;
  /** What another instance has noted. */
  readonly onNote?: (key: string, value: string) => void;
}

export class SharedQueue {
  readonly #options: SharedQueueOptions;
  readonly #session: Session;
  /** All that waits or runs, and what has been asked to end. */
  readonly #entries = new Set<Entry>();
  readonly #byTicket = new Map<Ticket, Entry>();
  readonly #unsettled = new Set<Unsettled>();
  readonly #settled = new SettledLog();
  readonly #enqueues = new Map<Entry, Asked>();
  readonly #notes = new Notes();
  readonly #refusals: Refusals;
  /** Granted without the store, which does not know of them yet. */
  readonly #untold = new Set<Entry>();
  #pathsTold = new Map<string, number>();
  /** 0: nothing was heard of the store. */
  #epoch = 0;
  #waiting = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #cancelWatch: CancelTimer;

  constructor(options: SharedQueueOptions) {
    this.#options = options;
    const { connection, key, clock, name } = options;
    this.#refusals = new Refusals(options.onRefusalsTold ?? (() => {}));
    this.#session = new Session({
      ...{ connection, key, clock, name },
      options: options.options,
      onReply: (reply) => this.#take(reply),
      onUnknown: (past) => this.#tellAgain(past),
      wanted: () => this.#wanted(),
      isIdle: () => this.#entries.size === 0,
      onEpoch: (epoch) => this.#enter(epoch),
      onFenced: (isFenced) => this.#fenced(isFenced),
    });
    this.#cancelWatch = this.#watch();
  }

  get waiting(): number {
    return this.#waiting;
  }

  get running(): number {
    let running = 0;
    for (const { state } of this.#entries) if (state === "granted") running++;
    return running;
  }

  /** The store is silent: nothing new may be sent. */
  get isFenced(): boolean {
    return this.#session.isFenced;
  }

  /** Microseconds since the sending of the step that was answered last. */
  get silence(): number {
    return this.#session.silence;
  }

  /** Queues a request; its listener hears of the grant or the end of the wait, never during this call. */
  enqueue(request: SharedRequest, listener: EntryListener): Entry {
    const entry = new Entry(request, listener);
    if (this.#waiting >= this.#options.maxWaiting) {
      queueMicrotask(() => this.#refuse(entry, "queue_full"));
      return entry;
    }
    this.#entries.add(entry);
    this.#waiting++;
    this.#tellPath(request.path);
    this.#session.ask(this.#enqueueOf(entry));
    return entry;
  }

  /** A request that is sent without the store, which is told of it once it is back. */
  grantedWithout(request: SharedRequest, listener: EntryListener): Entry {
    const entry = new Entry(request, listener);
    entry.state = "granted";
    entry.grantedAt = this.#options.clock.now();
    this.#entries.add(entry);
    this.#untold.add(entry);
    if (this.#untold.size > MOST_UNTOLD) this.#forgetOldestUntold();
    return entry;
  }

  /** One was refused here, and presses all the same: the store is told with the next step. */
  refused({ path, band, demand }: Pick<SharedRequest, "path" | "band" | "demand">): void {
    this.#tellPath(path);
    if (!this.#refusals.add({ path, band, demand, count: 1 })) return;
    this.#session.askLater({
      operation: () => this.#refusals.take({ path, band }),
      onResult: () => {},
      isOfThisLife: true,
    });
  }

  /** Leaves the queue; false if it was granted or has ended. */
  cancel(entry: Entry): boolean {
    if (entry.state !== "waiting") return false;
    this.#leave(entry);
    const asked = this.#enqueues.get(entry);
    if (asked !== undefined && this.#session.unask(asked)) {
      this.#forget(entry);
      return true;
    }
    entry.isUnwanted = true;
    if (entry.ticket !== null) this.#askCancel(entry, entry.ticket);
    return true;
  }

  /** Ends a granted request: `counted` is what the provider's meters have counted. Idempotent. */
  settle(entry: Entry, counted: Demand): boolean {
    if (entry.state !== "granted") return false;
    entry.state = "ended";
    this.#whenPlaced(entry, (ticket) => {
      this.#forget(entry);
      const { path } = entry.request;
      this.#askUntilSettled({ path, counted }, () => ({ kind: "settle", ticket, counted }));
    });
    return true;
  }

  /** Settles an attempt and queues it again, in its old place; times by this instance's clock. */
  retry(entry: Entry, counted: Demand, eligibleAt: number, expiresAt: number): boolean {
    const { ticket } = entry;
    if (entry.state !== "granted" || ticket === null) return false;
    entry.state = "waiting";
    entry.expiresAt = expiresAt;
    this.#waiting++;
    const { clock } = this.#options;
    this.#askUntilSettled({ path: entry.request.path, counted }, () => ({
      kind: "retry",
      ticket,
      counted,
      eligibleIn: Math.max(0, eligibleAt - clock.now()),
      expiresIn: expiresAt - clock.now(),
    }));
    return true;
  }

  /** Asks for how meters are now. */
  refresh(): void {
    this.#session.step();
  }

  /** Corrects a meter for all who share it. */
  correct(correction: Correction, onResult: (result: OperationResult) => void = () => {}): void {
    this.#session.ask({ operation: () => correction, onResult, isOfThisLife: false });
  }

  /** Tells all others, now and those that come later, until somebody notes something else by that name. */
  note(key: string, value: string): void {
    const operation = this.#notes.ours(key, value);
    this.#session.ask(tellNote(operation));
  }

  /** Other bands and bounds, for all who share the account; what waits is told again. */
  reconfigure(options: StepOptions): void {
    this.#session.reconfigure(options);
  }

  /** Ends every wait; what runs is counted as it was granted, and its slots are free. */
  async close(): Promise<void> {
    this.#cancelWatch();
    for (const entry of this.#entries) {
      if (entry.state === "waiting") this.#refuse(entry, "store_unavailable");
    }
    await this.#session.leave();
  }

  #wanted(): { readonly report: number | null; readonly isWhole: boolean } {
    const { clock, onReport } = this.#options;
    if (onReport === undefined) return { report: null, isWhole: false };
    const isWhole = clock.now() - this.#reportedAt >= REPORT_MICROS;
    return { report: this.#notes.version, isWhole };
  }

  /** In another epoch whatever waited has lost its place. */
  #enter(epoch: number): void {
    const isOther = this.#epoch !== 0 && epoch !== this.#epoch;
    this.#epoch = epoch;
    if (!isOther) return;
    for (const entry of [...this.#entries]) {
      if (entry.ticket === null || entry.state === "granted") continue;
      this.#byTicket.delete(entry.ticket);
      entry.ticket = null;
      if (entry.isUnwanted) this.#forget(entry);
      else if (entry.state === "waiting") this.#session.ask(this.#enqueueOf(entry));
    }
  }

  #tellPath(path: SharedPath): void {
    const { initialShare, clock } = this.#options;
    const now = clock.now();
    const toldAt = this.#pathsTold.get(path.key);
    if (toldAt !== undefined && now - toldAt < TELL_AGAIN_MICROS) return;
    this.#pathsTold.set(path.key, now);
    const operation = { kind: "path" as const, ...path, initialShare };
    this.#session.ask({ operation: () => operation, onResult: () => {}, isOfThisLife: true });
  }

  #enqueueOf(entry: Entry): Asked {
    const asked: Asked = {
      operation: () => enqueueOf(entry, this.#options.clock.now()),
      onResult: (result, ahead) => this.#placed(entry, result, ahead),
      isOfThisLife: true,
    };
    this.#enqueues.set(entry, asked);
    return asked;
  }

  #placed(entry: Entry, result: OperationResult, ahead: number): void {
    this.#enqueues.delete(entry);
    if (typeof result === "number") {
      entry.ticket = result;
      this.#byTicket.set(result, entry);
      if (entry.isUnwanted) this.#askCancel(entry, result);
      else entry.listener.onQueued?.(ahead);
    } else if (entry.isUnwanted) this.#forget(entry);
    else if (typeof result === "object") this.#notPlaced(entry, result.code);
  }

  #notPlaced(entry: Entry, code: StoreRefusal["code"]): void {
    if (code !== "path_unknown") this.#refuse(entry, code);
    else if (entry.isPathRetold) this.#refuse(entry, "queue_full");
    else {
      entry.isPathRetold = true;
      this.#pathsTold.delete(entry.request.path.key);
      this.#tellPath(entry.request.path);
      this.#session.ask(this.#enqueueOf(entry));
    }
  }

  /** Whoever runs while the store learns of it again has no number for a moment. */
  #whenPlaced(entry: Entry, act: (ticket: Ticket) => void): void {
    if (entry.ticket !== null) act(entry.ticket);
    else entry.onPlaced = () => act(entry.ticket as Ticket);
  }

  #askCancel(entry: Entry, ticket: Ticket): void {
    const onResult = (result: OperationResult) => {
      if (result === true) this.#forget(entry); // else its grant is on its way
    };
    const operation = { kind: "cancel" as const, ticket };
    this.#session.ask({ operation: () => operation, onResult, isOfThisLife: true });
  }

  #askUntilSettled(unsettled: Unsettled, operation: Asked["operation"]): void {
    this.#unsettled.add(unsettled);
    const onResult = () => {
      this.#unsettled.delete(unsettled);
      const at = this.#options.clock.now();
      this.#settled.add({ ...unsettled, batch: this.#session.batch - 1, at });
    };
    this.#session.ask({ operation, onResult, isOfThisLife: true });
  }

  #take({ granted, expired, displaced, report }: StepReply): void {
    for (const ticket of granted) {
      const entry = this.#byTicket.get(ticket);
      if (entry === undefined) this.#giveBack(ticket);
      else this.#grant(entry);
    }
    for (const ticket of expired) this.#refuse(this.#byTicket.get(ticket), "max_wait_exceeded");
    for (const ticket of displaced) this.#refuse(this.#byTicket.get(ticket), "queue_full");
    if (report !== null) this.#takeReport(report);
  }

  #takeReport(report: StoreReport): void {
    if (report.whole !== null) this.#reportedAt = this.#options.clock.now();
    for (const { key, value } of this.#notes.take(report)) this.#options.onNote?.(key, value);
    this.#options.onReport?.(report);
  }

  /** It has lost its place before, and has another one by now. */
  #giveBack(ticket: Ticket): void {
    const operation = { kind: "settle" as const, ticket, counted: NO_DEMAND };
    this.#session.ask({ operation: () => operation, onResult: () => {}, isOfThisLife: true });
  }

  #grant(entry: Entry): void {
    const now = this.#options.clock.now();
    const wasWaiting = entry.state === "waiting";
    // The answer may have been on its way for longer than the wait may last.
    const isLate = now > entry.expiresAt;
    entry.grantedAt = now;
    if (wasWaiting) this.#leave(entry);
    entry.state = "granted";
    if (wasWaiting && !isLate) entry.listener.onGranted();
    else this.settle(entry, NO_DEMAND);
    if (wasWaiting && isLate) entry.listener.onRefused("max_wait_exceeded");
  }

  #refuse(entry: Entry | undefined, code: EntryRefusal): void {
    if (entry === undefined) return;
    const wasWaiting = entry.state === "waiting";
    if (wasWaiting && this.#entries.has(entry)) this.#leave(entry);
    entry.state = "ended";
    this.#forget(entry);
    if (wasWaiting) entry.listener.onRefused(code);
  }

  #leave(entry: Entry): void {
    entry.state = "ended";
    this.#waiting--;
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry);
    this.#enqueues.delete(entry);
    this.#untold.delete(entry);
    if (entry.ticket !== null) this.#byTicket.delete(entry.ticket);
  }

  #forgetOldestUntold(): void {
    for (const entry of this.#untold) {
      if (entry.state !== "ended") continue;
      this.#forget(entry);
      return;
    }
  }

  #fenced(isFenced: boolean): void {
    if (!isFenced) this.#tellUntold();
    this.#options.onFenced(isFenced);
  }

  /** The store is back, and has not forgotten this instance. */
  #tellUntold(): void {
    for (const entry of this.#untold) {
      this.#tellPath(entry.request.path);
      this.#session.ask(this.#assertOf(entry, ""));
    }
    this.#untold.clear();
  }

  /** A store that has forgotten this instance, or another one in its place, is told what there is. */
  #tellAgain(past: PastLife): readonly Asked[] {
    const { clock, initialShare } = this.#options;
    for (const entry of this.#entries) if (entry.isUnwanted) this.#forget(entry);
    const told = [...this.#entries];
    const lost = this.#settled.since(past.known, clock.now());
    const paths = pathsOf(told, [...this.#unsettled, ...lost]);
    const { levelOf = () => null } = this.#options;
    const facts = { past, paths, initialShare, levelOf, unsettled: [...this.#unsettled], lost };
    this.#byTicket.clear();
    this.#unsettled.clear();
    this.#settled.clear();
    this.#refusals.clear();
    this.#pathsTold = new Map(paths.map(({ key }) => [key, clock.now()]));
    const untold = new Set(this.#untold);
    this.#untold.clear();
    return [
      ...retold(facts),
      ...this.#notes.again().map(tellNote),
      ...told
        .filter(({ state }) => state !== "waiting")
        .map((entry) => this.#assertOf(entry, untold.has(entry) ? "" : past.name)),
      ...told.filter(({ state }) => state === "waiting").map((entry) => this.#enqueueOf(entry)),
    ];
  }

  /** `previous`: the life that it was granted to; empty: to none. */
  #assertOf(entry: Entry, previous: string): Asked {
    const since = this.#options.clock.now() - entry.grantedAt;
    entry.ticket = null;
    return {
      operation: () => ({
        kind: "assert",
        entry: enqueueOf(entry, this.#options.clock.now()),
        since,
        previous,
      }),
      onResult: (result) => {
        entry.ticket = result as Ticket;
        this.#byTicket.set(entry.ticket, entry);
        entry.onPlaced?.();
        entry.onPlaced = null;
      },
      isOfThisLife: true,
    };
  }

  /** A wait ends on time even if the store is silent. */
  #watch(): CancelTimer {
    const { clock } = this.#options;
    return clock.schedule(clock.now() + WATCH_MICROS, () => {
      const now = clock.now();
      if (this.#session.silence > 4 * WATCH_MICROS) this.#endOverdue(now);
      this.#cancelWatch = this.#watch();
    });
  }

  #endOverdue(now: number): void {
    for (const entry of this.#entries) {
      if (entry.state !== "waiting" || entry.expiresAt > now) continue;
      this.cancel(entry);
      entry.listener.onRefused("max_wait_exceeded");
    }
  }
}

function tellNote(operation: NoteOperation): Asked {
  return { operation: () => operation, onResult: () => {}, isOfThisLife: true };
}
