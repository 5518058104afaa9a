/** Clock: time as a service, so that tests and the simulator advance it by hand. */

/** Cancels a timer; calling it twice or after the timer fired does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Whole microseconds since the epoch; never runs back. */
  now(): number;
  /** Calls `fire` once, when `now()` has reached `at` (microseconds) or as soon after as possible. */
  schedule(at: number, fire: () => void): CancelTimer;
}

export const MICROS_PER_MS = 1_000;
export const MICROS_PER_SECOND = 1_000_000;
