/**
 * Turns: who decides when a request that waits in an account's scheduler may go: the scheduler
 * itself, or a store that several instances share, of which it then is a copy.
 */
import type { Dispatch } from "../../core/budget/dispatch.ts";
import type { Clock } from "../../core/clock.ts";
import type { Demand } from "../../core/demand.ts";
import type { SchedulerOptions } from "../../core/scheduler/options.ts";
import type { EnqueueRequest } from "../../core/scheduler/request.ts";
import type { Scheduler } from "../../core/scheduler/scheduler.ts";
import { PumpTimer, type PumpTimerOptions } from "./pump-timer.ts";
import type { Queue } from "./queue.ts";
import type { Reservation } from "./reservation.ts";
import type { RetryTimes } from "./retry-times.ts";

export interface Turns {
  /** Queues beside the account's own, in which requests wait or run. */
  readonly furtherQueues: readonly Queue[];
  /** Has it a place that others than the account's scheduler give, or is nothing given at all? */
  divert(reservation: Reservation): "queued" | "refused" | null;
  /** Its request was queued in the scheduler, at first or again. */
  queued(reservation: Reservation, request: EnqueueRequest): void;
  /** A request that has just come was refused by the scheduler. */
  refused(request: EnqueueRequest): void;
  /** It has left the queue without a grant. */
  left(reservation: Reservation): void;
  /** Its grant was settled. */
  settled(reservation: Reservation, counted: Demand): void;
  /** May it be queued again in its old place? Else it is queued anew. */
  keepsPlaceOf(reservation: Reservation): boolean;
  /** Its grant was settled, and it waits again in its old place. */
  retried(reservation: Reservation, counted: Demand, times: RetryTimes): void;
  /** Something has changed that may let somebody go. */
  soon(): void;
  /** The scheduler has other bands or bounds from now on. */
  reconfigured(options: SchedulerOptions): void;
  /** A tenant's own meter was freed. */
  freed(tenantId: string): void;
  /** Judges what an answer told once levels are as they are now; a store is asked for them. */
  whenFresh(dispatch: Dispatch, judge: (now: number) => void): void;
  /** What was learned here may concern others. */
  learned(): void;
  close(): Promise<void>;
}

const NONE: readonly Queue[] = [];

/** The scheduler's own: it is pumped whenever something has happened or is due. */
export class LocalTurns implements Turns {
  readonly furtherQueues = NONE;
  readonly #timer: PumpTimer;
  readonly #scheduler: () => Scheduler;
  readonly #clock: Clock;

  constructor(options: PumpTimerOptions) {
    this.#clock = options.clock;
    this.#timer = new PumpTimer(options);
    this.#scheduler = options.scheduler;
  }

  divert(): null {
    return null;
  }

  queued(): void {
    this.#timer.soon();
  }

  refused(): void {}

  left(): void {
    this.#timer.soon();
  }

  settled(): void {
    if (this.#scheduler().waiting > 0) this.#timer.soon();
  }

  keepsPlaceOf(): boolean {
    return true;
  }

  retried(): void {
    this.settled();
  }

  soon(): void {
    this.#timer.soon();
  }

  reconfigured(): void {}

  freed(): void {
    this.#timer.soon();
  }

  whenFresh(_dispatch: Dispatch, judge: (now: number) => void): void {
    judge(this.#clock.now());
  }

  learned(): void {}

  async close(): Promise<void> {
    this.#timer.close();
  }
}
