/**
 * Shared queue: what this instance has in the queue of an account that others use too. Requests wait
 * in Redis; here is who hears of their grants, and what has to be told again if Redis forgets.
 */
import type { CancelTimer, Clock } from "../../../core/clock.ts";
import { type Demand, NO_DEMAND } from "../../../core/demand.ts";
import type { Correction, EnqueueOperation, OperationResult, Ticket } from "../../store.ts";
import type { Connection } from "../connection.ts";
import type { LifeOperation, StepOptions, StepReply } from "../messages.ts";
import { Entry, type EntryListener, type EntryRefusal, type SharedRequest } from "./entry.ts";
import { type Asked, Session } from "./session.ts";
import { SettledLog } from "./settled-log.ts";

/** After a loss no level is believed beyond this share of its limit. */
const SAFE_SHARE = 0.5;
/** How often waits are ended here while the store is silent. */
const WATCH_MICROS = 100_000;

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
}

interface Unsettled {
  readonly entry: Entry;
  readonly counted: Demand;
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
  #pathsTold = new Set<string>();
  #waiting = 0;
  #cancelWatch: CancelTimer;

  constructor(options: SharedQueueOptions) {
    this.#options = options;
    const { connection, key, clock, name } = options;
    this.#session = new Session({
      ...{ connection, key, clock, name },
      options: options.options,
      onReply: (reply) => this.#take(reply),
      onUnknown: (past) => this.#tellAgain(past),
      onFenced: options.onFenced,
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

  /** Queues a request; its listener hears of the grant or the end of the wait, never during this call. */
  enqueue(request: SharedRequest, listener: EntryListener): Entry {
    const entry = new Entry(request, listener);
    if (this.#waiting >= this.#options.maxWaiting) {
      queueMicrotask(() => this.#refuse(entry, "queue_full"));
      return entry;
    }
    this.#entries.add(entry);
    this.#waiting++;
    this.#tellPath(entry);
    this.#session.ask(this.#enqueueOf(entry));
    return entry;
  }

  /** The same as a promise. @throws the signal's reason, or an Error with the refusal's code as message */
  acquire(request: SharedRequest, signal: AbortSignal): Promise<Entry> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const onAbort = () => {
        if (this.cancel(entry)) reject(signal.reason);
      };
      const entry = this.enqueue(request, {
        onGranted: () => {
          signal.removeEventListener("abort", onAbort);
          resolve(entry);
        },
        onRefused: (code) => {
          signal.removeEventListener("abort", onAbort);
          reject(new Error(code));
        },
      });
      signal.addEventListener("abort", onAbort, { once: true });
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
    const { ticket } = entry;
    if (entry.state !== "granted" || ticket === null) return false;
    entry.state = "ended";
    this.#forget(entry);
    this.#askUntilSettled({ entry, counted }, () => ({ kind: "settle", ticket, counted }));
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
    this.#askUntilSettled({ entry, counted }, () => ({
      kind: "retry",
      ticket,
      counted,
      eligibleIn: Math.max(0, eligibleAt - clock.now()),
      expiresIn: expiresAt - clock.now(),
    }));
    return true;
  }

  /** Corrects a meter for all who share it. */
  correct(correction: Correction): void {
    const onResult = () => {};
    this.#session.ask({ operation: () => correction, onResult, isOfThisLife: false });
  }

  /** Ends every wait; what runs is given back by the store when this instance's lease ends. */
  close(): void {
    this.#cancelWatch();
    this.#session.close();
    for (const entry of this.#entries) {
      if (entry.state === "waiting") this.#refuse(entry, "store_unavailable");
    }
  }

  #tellPath({ request: { path } }: Entry): void {
    if (this.#pathsTold.has(path.key)) return;
    this.#pathsTold.add(path.key);
    const { initialShare } = this.#options;
    const operation = { kind: "path" as const, ...path, initialShare };
    this.#session.ask({ operation: () => operation, onResult: () => {}, isOfThisLife: true });
  }

  #enqueueOf(entry: Entry): Asked {
    const asked: Asked = {
      operation: () => this.#operationOf(entry),
      onResult: (result) => this.#placed(entry, result),
      isOfThisLife: true,
    };
    this.#enqueues.set(entry, asked);
    return asked;
  }

  #operationOf({ request, expiresAt }: Entry): EnqueueOperation {
    const now = this.#options.clock.now();
    const { tenant, weight, band, path, demand, deadline, isChainStep } = request;
    return {
      ...{ kind: "enqueue", tenant, weight, band, demand, isChainStep, path: path.key },
      hasOwnMeters: false,
      patience: expiresAt - now,
      dueIn: deadline === null ? null : Math.max(0, deadline - now),
    };
  }

  #placed(entry: Entry, result: OperationResult): void {
    this.#enqueues.delete(entry);
    if (typeof result === "number") {
      entry.ticket = result;
      this.#byTicket.set(result, entry);
      if (entry.isUnwanted) this.#askCancel(entry, result);
    } else if (entry.isUnwanted) this.#forget(entry);
    else if (typeof result === "object") this.#refuse(entry, result.code);
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
    const { counted, entry } = unsettled;
    const onResult = () => {
      this.#unsettled.delete(unsettled);
      const at = this.#options.clock.now();
      const { path } = entry.request;
      this.#settled.add({ batch: this.#session.batch - 1, at, path, counted });
    };
    this.#session.ask({ operation, onResult, isOfThisLife: true });
  }

  #take({ granted, expired, displaced }: StepReply): void {
    for (const ticket of granted) this.#grant(this.#byTicket.get(ticket));
    for (const ticket of expired) this.#refuse(this.#byTicket.get(ticket), "max_wait_exceeded");
    for (const ticket of displaced) this.#refuse(this.#byTicket.get(ticket), "queue_full");
  }

  #grant(entry: Entry | undefined): void {
    if (entry === undefined) return;
    const isWanted = entry.state === "waiting";
    entry.grantedAt = this.#options.clock.now();
    if (isWanted) this.#leave(entry);
    entry.state = "granted";
    if (isWanted) entry.listener.onGranted();
    else this.settle(entry, NO_DEMAND);
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
    if (entry.ticket !== null) this.#byTicket.delete(entry.ticket);
  }

  /** A store that has forgotten this instance, or another one in its place, is told what there is. */
  #tellAgain(past: { name: string; isBehind: boolean; known: number }): readonly Asked[] {
    const { clock, initialShare } = this.#options;
    const now = clock.now();
    const told = [...this.#entries].filter(({ isUnwanted }) => !isUnwanted);
    for (const entry of this.#entries) if (entry.isUnwanted) this.#forget(entry);
    this.#byTicket.clear();
    const unsettled = [...this.#unsettled];
    this.#unsettled.clear();
    const lost = this.#settled.since(past.known, now);
    this.#settled.clear();
    const paths = new Map(
      [
        ...told.map(({ request }) => request),
        ...unsettled.map(({ entry }) => entry.request),
        ...lost,
      ].map(({ path }) => [path.key, path]),
    );
    this.#pathsTold = new Set(paths.keys());
    const isOfThisLife = true; // in another life all of it is told anew
    const tell = (
      operation: LifeOperation | ReturnType<Asked["operation"]>,
      onResult = (_: OperationResult) => {},
    ) => ({
      operation: () => operation,
      onResult,
      isOfThisLife,
    });
    return [
      tell({ kind: "leave", instance: past.name, isBehind: past.isBehind }),
      ...[...paths.values()].map((path) => tell({ kind: "path", ...path, initialShare })),
      tell({ kind: "cap", share: SAFE_SHARE }),
      ...lost.map(({ path, counted }) =>
        tell({ kind: "charge", path: path.key, counted, isUnsettled: false }),
      ),
      ...unsettled.map(({ entry, counted }) =>
        tell({ kind: "charge", path: entry.request.path.key, counted, isUnsettled: true }),
      ),
      ...told
        .filter(({ state }) => state === "granted")
        .map((entry) => this.#assertOf(entry, past.name, now)),
      ...told.filter(({ state }) => state === "waiting").map((entry) => this.#enqueueOf(entry)),
    ];
  }

  #assertOf(entry: Entry, previous: string, now: number): Asked {
    const since = now - entry.grantedAt;
    return {
      operation: () => ({ kind: "assert", entry: this.#operationOf(entry), since, previous }),
      onResult: (result) => {
        entry.ticket = result as Ticket;
        this.#byTicket.set(entry.ticket, entry);
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
