/** Raises: a level is raised only by what several answers agree on, so that one that is wrong raises nothing. */
import { MICROS_PER_SECOND } from "../clock.ts";

const SAMPLES = 8;
/** A lower bound older than this says nothing about now; fewer samples in this time have to do. */
const SPAN_MICROS = 10 * MICROS_PER_SECOND;

export class Raises {
  #samples = 0;
  #since = 0;
  #least = Number.POSITIVE_INFINITY;

  /** Takes in how far an answer's lower bound is above the level; returns by how much to raise, 0: not yet. */
  add(gap: number, now: number): number {
    if (this.#samples === 0) this.#since = now;
    this.#samples++;
    this.#least = Math.min(this.#least, gap);
    const isComplete = this.#samples >= SAMPLES || now - this.#since >= SPAN_MICROS;
    if (!isComplete) return 0;
    const raise = Math.max(0, this.#least);
    this.clear();
    return raise;
  }

  clear(): void {
    this.#samples = 0;
    this.#least = Number.POSITIVE_INFINITY;
  }
}
