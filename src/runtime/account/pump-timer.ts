/** Pump timer: pumps a scheduler of this process whenever something has happened or is due. */
import type { CancelTimer, Clock } from "../../core/clock.ts";
import type { Scheduler } from "../../core/scheduler/scheduler.ts";
import type { Reservation } from "./reservation.ts";

export interface PumpTimerOptions {
  readonly clock: Clock;
  /** The one at work; a reload changes it. */
  readonly scheduler: () => Scheduler;
  onGranted(reservation: Reservation): void;
  /** A wait has ended without a grant. */
  onEnded(reservation: Reservation, code: "max_wait_exceeded" | "queue_full", now: number): void;
}

export class PumpTimer {
  readonly #options: PumpTimerOptions;
  #isDue = false;
  #cancelTimer: CancelTimer | null = null;
  #wakeAt = Number.POSITIVE_INFINITY;

  constructor(options: PumpTimerOptions) {
    this.#options = options;
  }

  /** Pumps once in this turn of the event loop, however much has happened in it. */
  soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.#pump());
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#wakeAt = Number.POSITIVE_INFINITY;
  }

  #pump(): void {
    this.#isDue = false;
    const { clock, scheduler, onGranted, onEnded } = this.#options;
    const now = clock.now();
    const { granted, expired, displaced, wakeAt } = scheduler().pump(now);
    for (const reservation of granted as Reservation[]) onGranted(reservation);
    for (const reservation of expired as Reservation[]) {
      onEnded(reservation, "max_wait_exceeded", now);
    }
    for (const reservation of displaced as Reservation[]) onEnded(reservation, "queue_full", now);
    if (wakeAt <= now) this.soon();
    else this.#wake(wakeAt);
  }

  /** A timer that is set for an earlier time stays: it pumps once for nothing, which costs less. */
  #wake(wakeAt: number): void {
    if (wakeAt >= this.#wakeAt) return;
    this.#cancelTimer?.();
    this.#wakeAt = wakeAt;
    this.#cancelTimer = this.#options.clock.schedule(wakeAt, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.soon();
    });
  }
}
