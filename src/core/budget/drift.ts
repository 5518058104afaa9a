/**
 * Drift: the traffic of others on the same account, learned from how much headers keep lowering a level.
 *
 * A bucket refills with its rate less the drift, so what is still corrected is only what the drift
 * misses: it is added up, not averaged, and what corrections upwards show to be too much comes off.
 */
import { MICROS_PER_MS, MICROS_PER_SECOND } from "../clock.ts";

/** Time constant over which foreign traffic is learned: with less, a few large requests of others look like a flood. */
const LEARN_MICROS = 30 * MICROS_PER_SECOND;
/** Without a sign of it foreign traffic is forgotten: at less than this nothing would be seen of it any more. */
const FORGET_MICROS = 180 * MICROS_PER_SECOND;
/**
 * One correction tells of no more than others can take in this time: what they had taken before we
 * began, or take at once, is no traffic that goes on.
 */
const BURST_MICROS = 10 * MICROS_PER_SECOND;
const STEP_MICROS = 200 * MICROS_PER_MS;

export class Drift {
  /** Micro-units per microsecond. */
  rate = 0;
  #corrected = 0;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  /** Notes a correction of the level, micro-units; negative: downwards. */
  note(correction: number): void {
    this.#corrected -= correction;
  }

  /** Takes what was noted since the last time into account; `most` is what others can take at most. */
  learn(most: number, now: number): void {
    const elapsed = now - this.#at;
    if (elapsed < STEP_MICROS) return;
    const kept = this.rate * Math.exp(-elapsed / FORGET_MICROS);
    const corrected = Math.min(this.#corrected, most * Math.max(elapsed, BURST_MICROS));
    const learned = corrected / Math.max(elapsed, LEARN_MICROS);
    this.rate = Math.min(most, Math.max(0, kept + learned));
    this.#corrected = 0;
    this.#at = now;
  }
}
