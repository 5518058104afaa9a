/**
 * Pace: how fast a limit may be emptied, so that a burst or a reset leaves as a stream and not as a
 * herd. Providers enforce a limit per minute in finer steps too (OpenAI's guide to rate limits:
 * 60,000 a minute may be enforced as 1,000 a second).
 */

export interface Pace {
  /** Microseconds between grants, per micro-unit. */
  readonly interval: number;
  /** How far a burst may run ahead of that, microseconds. */
  readonly allowance: number;
}

export const NO_PACE: Pace = Object.freeze({ interval: 0, allowance: 0 });

/** A full limit leaves over a tenth of its window, but never over more than this. */
const LONGEST_SPREAD_MICROS = 6_000_000;
const SPREAD_SHARE = 0.1;
/** What may leave at once: a second's supply, and a few requests of even the smallest limit. */
const BURST_MICROS = 1_000_000;
const LEAST_BURST = 4_000_000;

/**
 * The pace of a request limit.
 *
 * @param capacity micro-units
 * @param per length of its window, microseconds
 */
export function paceOf(capacity: number, per: number): Pace {
  const interval = Math.min(per * SPREAD_SHARE, LONGEST_SPREAD_MICROS) / capacity;
  const burst = Math.max(LEAST_BURST, (capacity * BURST_MICROS) / per);
  // The last request of a burst leaves when those before it have been accounted for.
  return { interval, allowance: Math.max(0, burst - 1_000_000) * interval };
}
