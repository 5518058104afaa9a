/** System clock: wall time that never runs back, and the timers of Node. */
import { type CancelTimer, type Clock, MICROS_PER_MS } from "../core/clock.ts";

/** setTimeout fires at once above this, so longer waits are cut and asked for again. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Microseconds since the epoch from the monotonic clock: a step of the machine's wall clock
 * (NTP, suspend) neither refills a meter nor ends a wait.
 */
export function createSystemClock(): Clock {
  const origin = performance.timeOrigin;
  const now = () => Math.round((origin + performance.now()) * MICROS_PER_MS);
  return { now, schedule: (at, fire) => scheduleAt(now, at, fire) };
}

function scheduleAt(now: () => number, at: number, fire: () => void): CancelTimer {
  const waitMs = Math.ceil((at - now()) / MICROS_PER_MS);
  const timer = setTimeout(fire, Math.min(Math.max(0, waitMs), LONGEST_TIMEOUT_MS));
  return () => clearTimeout(timer);
}
