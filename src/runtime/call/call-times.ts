/** Call times: how long a call has waited and been at its provider, and when its wait and its time are over. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import type { CallPlan } from "./call-plan.ts";
import { waitEnd } from "./wait-end.ts";

/** All in microseconds. */
export class CallTimes {
  /** When the complete answer is due; Infinity: never. */
  readonly deadlineAt: number;
  readonly #arrivedAt: number;
  #expiresAt: number;
  #queuedAt: number;
  #waited = 0;
  /** 0: nothing is at the provider now. */
  #sentAt = 0;
  /** Of the last attempt, and of all. */
  #atProvider = 0;
  #allAtProvider = 0;

  constructor({ task, arrivedAt, candidates }: CallPlan, now: number) {
    const { maxWaitMs, deadlineMs } = task;
    // In shadow mode nothing is cut short.
    const cutMs = candidates[0].shadow === null ? deadlineMs : null;
    this.deadlineAt = arrivedAt + (cutMs ?? Number.POSITIVE_INFINITY) * MICROS_PER_MS;
    this.#arrivedAt = arrivedAt;
    this.#expiresAt = waitEnd(arrivedAt, maxWaitMs, deadlineMs, now);
    this.#queuedAt = arrivedAt;
  }

  /** When the wait is over. Time at the provider does not count as waiting, but a deadline stays where it is. */
  get expiresAt(): number {
    return Math.min(this.#expiresAt + this.#atProvider, this.deadlineAt);
  }

  get waited(): number {
    return this.#waited;
  }

  queued(now: number): void {
    this.#expiresAt = this.expiresAt;
    this.#atProvider = 0;
    this.#queuedAt = now;
  }

  leftQueue(now: number): void {
    this.#waited += now - this.#queuedAt;
  }

  sent(now: number): void {
    this.#sentAt = now;
  }

  /** The attempt is over; idempotent. */
  returned(now: number): void {
    if (this.#sentAt === 0) return;
    this.#atProvider = now - this.#sentAt;
    this.#allAtProvider += this.#atProvider;
    this.#sentAt = 0;
  }

  /** Since the attempt was sent. */
  sinceSent(now: number): number {
    return now - this.#sentAt;
  }

  /** Time that was neither waiting nor the provider's. */
  overhead(now: number): number {
    const running = this.#sentAt === 0 ? 0 : now - this.#sentAt;
    return Math.max(0, now - this.#arrivedAt - this.#waited - this.#allAtProvider - running);
  }
}
