/** Wait end: the moment at which whoever still waits is refused. */
import { MICROS_PER_MS } from "../../core/clock.ts";

/** Grants come within the turn of the event loop in which a request was queued: it must live to see them. */
const LONGEST_TURN_MICROS = 20_000;

/**
 * A wait ends a little early, because the event loop may come a little late: by 2 % of it, at most
 * 50 ms. What could only have been sent in that moment would mostly have been sent too late.
 */
const EARLY_SHARE = 0.02;
const LONGEST_EARLY_MS = 50;

/** A wait ends with the max wait or the deadline; a max wait of 0 still takes what is free now. */
export function waitEnd(
  arrivedAt: number,
  maxWaitMs: number,
  deadlineMs: number | null,
  now: number,
): number {
  const patienceMs = Math.min(maxWaitMs, deadlineMs ?? Number.POSITIVE_INFINITY);
  const earlyMs = Math.min(patienceMs * EARLY_SHARE, LONGEST_EARLY_MS);
  const end = arrivedAt + (patienceMs - earlyMs) * MICROS_PER_MS;
  return Math.max(end, now + LONGEST_TURN_MICROS);
}
