/**
 * Session: one instance's steps at a shared store, one after the other. What is asked while a step
 * is under way goes with the next, so batches grow with the load and nobody waits for a timer.
 *
 * A step that is not answered is sent again under its number, which the store does once. Whoever
 * was not answered for 1.5 s is fenced: the store may give away its slots a quarter of a second later.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { CancelTimer, Clock } from "../../../core/clock.ts";
import type { Connection } from "../connection.ts";
import {
  decodeReply,
  encodeRequest,
  type StepOperation,
  type StepOptions,
  type StepReply,
  type StepRequest,
} from "../messages.ts";
import type { Asked, PastLife } from "./asked.ts";

const BATCH = 64;
const HEARTBEAT_MICROS = 250_000;
/** Nothing waits or runs: only the lease is kept. */
const IDLE_HEARTBEAT_MICROS = 750_000;
export const FENCE_MICROS = 1_500_000;
const FIRST_PAUSE_MICROS = 20_000;
const LONGEST_PAUSE_MICROS = 400_000;
const LEAVE_MS = 500;

export interface SessionOptions {
  readonly connection: Connection;
  /** One hash tag an account, e.g. `{sluice:openai}`. */
  readonly key: string;
  readonly options: StepOptions;
  readonly clock: Clock;
  /** Unique among all instances that ever live. */
  readonly name: string;
  /** Grants and ends of waits. */
  readonly onReply: (reply: StepReply) => void;
  /** The store does not know this instance (any more); what it is told first in its next life. */
  readonly onUnknown: (past: PastLife) => readonly Asked[];
  /** What kind of report is wanted with the next answer. */
  readonly wanted: () => Pick<StepRequest, "report" | "isWhole">;
  /** Nothing waits or runs here. */
  readonly isIdle: () => boolean;
  /** Before its results: in another epoch the store has dropped whatever waited. */
  readonly onEpoch: (epoch: number) => void;
  /** No answer for so long that nothing new may be sent, or answers again. */
  readonly onFenced: (isFenced: boolean) => void;
}

export class Session {
  readonly #options: SessionOptions;
  #life = 0;
  #number = 0;
  #queue: Asked[] = [];
  /** Makes no step of its own. */
  #later: Asked[] = [];
  #isSending = false;
  #isClosed = false;
  #isFenced = false;
  /** When the step was sent that was answered last. */
  #answeredAt: number;
  #cancelTimer: CancelTimer | null = null;
  #stopListening: () => void = () => {};
  readonly #closing = new AbortController();
  #stepOptions: StepOptions;
  /** The store is yet to be told that these options are the newest. */
  #isNewest = true;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#stepOptions = options.options;
    this.#answeredAt = options.clock.now();
    this.#listen();
    this.#sendSoon();
  }

  /** Number of the batch that is being collected. */
  get batch(): number {
    return this.#number + 1;
  }

  get isFenced(): boolean {
    return this.#isFenced;
  }

  /** Microseconds since the sending of the step that was answered last. */
  get silence(): number {
    return this.#options.clock.now() - this.#answeredAt;
  }

  ask(asked: Asked): void {
    if (this.#isClosed) return;
    this.#queue.push(asked);
    this.#sendSoon();
  }

  /** Asks with the next step, whenever that is. */
  askLater(asked: Asked): void {
    if (!this.#isClosed) this.#later.push(asked);
  }

  /** Other bands and bounds from now on, for all who share the store. */
  reconfigure(options: StepOptions): void {
    this.#stepOptions = options;
    this.#isNewest = true;
    this.#sendSoon();
  }

  /** Steps soon, though there is nothing to ask. */
  step(): void {
    this.#sendSoon();
  }

  /** Takes back what has not been sent yet; false: it is under way. */
  unask(asked: Asked): boolean {
    const place = this.#queue.indexOf(asked);
    if (place >= 0) this.#queue.splice(place, 1);
    return place >= 0;
  }

  /** Says what is left to say, and that this was all; no longer than a moment. */
  async leave(): Promise<void> {
    if (!this.#isFenced && !this.#isClosed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const operation = { kind: "goodbye" } as const;
      this.ask({ operation: () => operation, onResult: () => resolve(), isOfThisLife: true });
      const timer = sleep(LEAVE_MS, undefined, { signal: this.#closing.signal, ref: false });
      await Promise.race([promise, timer.catch(() => {})]);
    }
    this.close();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#stopListening();
    this.#closing.abort();
  }

  get #name(): string {
    return `${this.#options.name}.${this.#life}`;
  }

  #listen(): void {
    this.#stopListening();
    const { connection, key } = this.#options;
    this.#stopListening = connection.listen(`${key}:wake:${this.#name}`, () => this.#sendSoon());
  }

  #sendSoon(): void {
    if (this.#isSending || this.#isClosed) return;
    this.#isSending = true;
    this.#cancelTimer?.();
    queueMicrotask(() => void this.#sendAll());
  }

  async #sendAll(): Promise<void> {
    let reply: StepReply | null = null;
    do {
      const batch = [...this.#queue.splice(0, BATCH), ...this.#later.splice(0, BATCH)];
      reply = await this.#send(batch);
    } while (reply !== null && this.#queue.length > 0);
    this.#isSending = false;
    if (reply === null || this.#isClosed) return;
    const { clock, isIdle } = this.#options;
    const heartbeat = isIdle() ? IDLE_HEARTBEAT_MICROS : HEARTBEAT_MICROS;
    const wait = reply.wakeAt < 0 ? heartbeat : reply.wakeAt - reply.now;
    const at = clock.now() + Math.max(0, Math.min(wait, heartbeat));
    this.#cancelTimer = clock.schedule(at, () => this.#sendSoon());
  }

  /** Null: the session has been closed. */
  async #send(batch: readonly Asked[]): Promise<StepReply | null> {
    const operations = batch.map(({ operation }) => operation());
    const number = this.#number + 1;
    let pause = FIRST_PAUSE_MICROS;
    while (!this.#isClosed) {
      const sentAt = this.#options.clock.now();
      const reply = await this.#try(operations, number, sentAt);
      if (this.#isClosed) return null;
      if (reply !== null) return this.#take(reply, batch, number, sentAt);
      this.#fence();
      await this.#pause(pause);
      pause = Math.min(LONGEST_PAUSE_MICROS, 2 * pause);
    }
    return null;
  }

  #pause(micros: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { clock } = this.#options;
    const cancel = clock.schedule(clock.now() + micros, resolve);
    const { signal } = this.#closing;
    const end = () => {
      cancel();
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
    return promise.finally(() => signal.removeEventListener("abort", end));
  }

  async #try(
    operations: readonly StepOperation[],
    number: number,
    sentAt: number,
  ): Promise<StepReply | null> {
    const { connection, key, wanted } = this.#options;
    const options = this.#stepOptions;
    const isNewest = this.#isNewest;
    const elapsed = sentAt - this.#answeredAt;
    const told = { instance: this.#name, number, elapsed, isNewest, ...wanted() };
    const request = { ...told, operations, options, now: null };
    const timer = this.#options.clock.schedule(this.#answeredAt + FENCE_MICROS, () =>
      this.#fence(),
    );
    try {
      const reply = decodeReply(await connection.step(key, encodeRequest(request)));
      if (!reply.isUnknown && this.#stepOptions === options) this.#isNewest = false;
      return reply;
    } catch {
      return null;
    } finally {
      timer();
    }
  }

  async #take(
    reply: StepReply,
    batch: readonly Asked[],
    number: number,
    sentAt: number,
  ): Promise<StepReply | null> {
    const isStale = this.#options.clock.now() - sentAt > FENCE_MICROS;
    if (!reply.isUnknown) {
      this.#number = number;
      this.#options.onEpoch(reply.epoch);
      batch.forEach(({ onResult }, i) => {
        onResult(reply.results[i], reply.aheads[i] ?? 0);
      });
    }
    // Grants that come too late may have been given away.
    if (reply.isUnknown || isStale) return this.#beginAgain(reply, batch);
    this.#answeredAt = sentAt;
    this.#unfence();
    this.#options.onReply(reply);
    return reply;
  }

  /** Under a new name, because what the old one had may have been given away. */
  #beginAgain(reply: StepReply, batch: readonly Asked[]): Promise<StepReply | null> {
    const known = reply.isUnknown ? (reply.known ?? 0) : this.#number;
    const past = { name: this.#name, isBehind: known > 0 && known < this.#number, known };
    this.#life++;
    this.#number = 0;
    this.#answeredAt = this.#options.clock.now();
    this.#listen();
    const undone = reply.isUnknown ? [...batch, ...this.#queue] : this.#queue;
    this.#queue = undone.filter(({ isOfThisLife }) => !isOfThisLife);
    this.#later = this.#later.filter(({ isOfThisLife }) => !isOfThisLife);
    return this.#send(this.#options.onUnknown(past));
  }

  #fence(): void {
    if (this.#isFenced || this.#options.clock.now() - this.#answeredAt < FENCE_MICROS) return;
    this.#isFenced = true;
    this.#options.onFenced(true);
  }

  #unfence(): void {
    if (!this.#isFenced) return;
    this.#isFenced = false;
    this.#options.onFenced(false);
  }
}
