/** Wait end: the moment at which whoever still waits is refused. */
import { MICROS_PER_MS } from "../../core/clock.ts";

/** Grants come within the turn of the event loop in which a request was queued: it must live to see them. */
const LONGEST_TURN_MICROS = 20_000;

/** A wait ends with the max wait or the deadline; a max wait of 0 still takes what is free now. */
export function waitEnd(
  arrivedAt: number,
  maxWaitMs: number,
  deadlineMs: number | null,
  now: number,
): number {
  const patienceMs = Math.min(maxWaitMs, deadlineMs ?? Number.POSITIVE_INFINITY);
  return Math.max(arrivedAt + patienceMs * MICROS_PER_MS, now + LONGEST_TURN_MICROS);
}
