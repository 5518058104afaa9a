/**
 * Shared store: one account's store in a simulated world, which does a step as the script in Redis
 * does; the core's scheduler decides, and a judge watches it.
 */
import { type Demand, NO_DEMAND } from "../../../core/demand.ts";
import type { SchedulerOptions } from "../../../core/scheduler/options.ts";
import type {
  LifeOperation,
  NoteOperation,
  StepOperation,
  StepReply,
  StepRequest,
  StoreReport,
} from "../../../stores/redis/messages.ts";
import type { Operation, OperationResult, Ticket } from "../../../stores/store.ts";
import { type Letter, type Mail, StoreLives } from "./store-lives.ts";
import { type QueueSize, StoreQueue } from "./store-queue.ts";
import { metersOf, wholeOf } from "./store-report.ts";

/** One instance steps when something is due, the others only if it has not. */
const BACKUP_MICROS = 30_000;
const BACKUP_EACH_MICROS = 2_000;

export interface SharedStoreOptions {
  readonly scheduler: SchedulerOptions;
  readonly now: number;
  /** Null: nobody counts inversions. */
  readonly size: QueueSize | null;
  /** Tells an instance that there is something for it. */
  readonly wake: (instance: string) => void;
}

interface Note {
  readonly version: number;
  readonly value: string;
  readonly by: string;
}

export class SharedStore {
  readonly #queue: StoreQueue;
  readonly #lives: StoreLives;
  readonly #wake: (instance: string) => void;
  readonly #notes = new Map<string, Note>();
  #noteVersion = 0;
  #keeper = "";
  #keeperUntil = 0;
  /** Of the step that is under way: all that the asking instance was granted in its past life was given back. */
  #hasEnded = false;
  /** Steps that it did, and decisions that it told others. */
  steps = 0;
  operations = 0;

  constructor({ scheduler, now, size, wake }: SharedStoreOptions) {
    this.#queue = new StoreQueue(scheduler, now, size);
    this.#lives = new StoreLives(now);
    this.#wake = wake;
  }

  get inversions(): number {
    return this.#queue.inversions;
  }

  step(request: StepRequest, now: number): StepReply {
    const { instance, number } = request;
    const life = this.#lives.of(instance);
    this.steps++;
    if (number === null) throw new Error("instances of a simulation number their steps");
    if (life?.number === number) return life.reply;
    if (number > 1 && life?.number !== number - 1) {
      return { ...NOTHING, isUnknown: true, known: life?.number ?? 0, now };
    }
    for (const silent of this.#lives.reap(instance, now)) this.#bury(silent, now);
    const reply = this.#answer(request, now);
    this.#lives.answered(instance, number, reply, now);
    return reply;
  }

  #answer(request: StepRequest, now: number): StepReply {
    const { instance, operations } = request;
    this.operations += operations.length;
    this.#hasEnded = false;
    const results = operations.map((operation) => this.#perform(instance, operation, now));
    const aheads = operations.map(({ kind }, i) =>
      kind === "enqueue" && typeof results[i] === "number"
        ? this.#queue.waitingBefore(results[i])
        : 0,
    );
    const wakeAt = this.#pump(instance, now);
    const mail = this.#lives.fetch(instance);
    for (const ticket of [...mail.expired, ...mail.displaced]) this.#queue.forget(ticket);
    const report = this.#reportFor(request, now);
    return {
      now,
      epoch: 1,
      wakeAt: this.#turnOf(instance, wakeAt, mail, now),
      results,
      aheads,
      ...mail,
      report,
    };
  }

  #perform(instance: string, operation: StepOperation, now: number): OperationResult {
    switch (operation.kind) {
      case "leave":
        return this.#leave(operation.instance, now);
      case "goodbye":
        this.#bury(instance, now);
        return true;
      // Only for stores that have lost something, which this one never has.
      case "cap":
        return false;
      case "charge":
        return this.#charge(operation, now);
      case "assert":
        return this.#assert(instance, operation, now);
      case "note":
        return this.#note(instance, operation);
      default:
        return this.#queue.perform(instance, operation satisfies Operation, now);
    }
  }

  /** Returns when something is due, Infinity: nothing. */
  #pump(instance: string, now: number): number {
    const { granted, expired, displaced, wakeAt } = this.#queue.pump(now);
    const woken = new Set<string>();
    const post = (letter: Letter, tickets: readonly Ticket[]) => {
      for (const ticket of tickets) {
        const owner = this.#queue.ownerOf(ticket) as string;
        if (owner !== instance && this.#lives.of(owner) === undefined) {
          this.#queue.forget(ticket); // the dead fetch no mail
          continue;
        }
        this.#lives.post(owner, letter, ticket);
        if (owner !== instance) woken.add(owner);
      }
    };
    post("granted", granted);
    post("expired", expired);
    post("displaced", displaced);
    for (const owner of woken) this.#wake(owner);
    return Math.max(wakeAt, now + 1);
  }

  #turnOf(instance: string, dueAt: number, { granted }: Mail, now: number): number {
    const isEver = Number.isFinite(dueAt);
    const backup = Math.max(BACKUP_MICROS, BACKUP_EACH_MICROS * this.#lives.count);
    const isKeeper = this.#keeper === instance || now >= this.#keeperUntil;
    if (isKeeper) {
      this.#keeper = instance;
      this.#keeperUntil = isEver ? dueAt + backup : now;
    }
    if (!isEver) return -1;
    return isKeeper || granted.length > 0 ? dueAt : dueAt + backup;
  }

  #bury(instance: string, now: number): void {
    const unheard = this.#lives.unheard(instance);
    this.#lives.end(instance, true);
    const countedOf = (ticket: Ticket, demand: Demand) =>
      unheard.has(ticket) ? NO_DEMAND : demand;
    this.#queue.endAll(instance, countedOf, now);
  }

  /** Another life of it has taken over: what the past one had comes with what is told next. */
  #leave(instance: string, now: number): boolean {
    this.#hasEnded = this.#lives.end(instance, false);
    if (this.#hasEnded) this.#queue.endAll(instance, () => NO_DEMAND, now);
    return this.#hasEnded;
  }

  #charge({ path, counted, isUnsettled }: Life<"charge">, now: number): boolean {
    if (!isUnsettled || !this.#hasEnded) return false;
    this.#queue.charge(path, counted, now);
    return true;
  }

  #assert(instance: string, { entry, previous }: Life<"assert">, now: number): OperationResult {
    return this.#queue.adopt(instance, entry, this.#lives.isBuried(previous), now);
  }

  #note(by: string, { key, value, isFirst }: NoteOperation): boolean {
    if (isFirst && this.#notes.has(key)) return false;
    this.#notes.set(key, { version: ++this.#noteVersion, value, by });
    return true;
  }

  #reportFor({ report, isWhole, instance }: StepRequest, now: number): StoreReport | null {
    if (report === null) return null;
    const news = [...this.#notes].filter(
      ([, { version, by }]) => version > report && by !== instance,
    );
    return {
      meters: metersOf(this.#queue, now),
      notes: news.map(([key, { value }]) => ({ key, value })),
      noteVersion: this.#noteVersion,
      whole: isWhole ? wholeOf(this.#queue, this.#lives.count, now) : null,
    };
  }
}

type Life<K extends LifeOperation["kind"]> = Extract<LifeOperation, { kind: K }>;

const NOTHING = {
  ...{ epoch: 1, wakeAt: -1, results: [], aheads: [], granted: [], expired: [], displaced: [] },
  report: null,
};
