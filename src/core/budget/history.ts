/** History: what a running total was at earlier moments, so that an answer can be held against its own time. */
import { MICROS_PER_MS } from "../clock.ts";

/** Marks nearer than this to the one before are merged into it. */
const SPACING_MICROS = 10 * MICROS_PER_MS;
/** At the closest spacing 41 s, longer under less load; an answer from before teaches no more. */
const MOST_MARKS = 4_096;
const FIRST_MARKS = 64;

export class History {
  #times = new Float64Array(FIRST_MARKS);
  #totals = new Float64Array(FIRST_MARKS);
  #oldest = 0;
  #count = 0;

  /** Notes the total; times do not run back. */
  mark(total: number, now: number): void {
    const newest = this.#place(this.#count - 1);
    if (this.#count > 0 && now - this.#times[newest] < SPACING_MICROS) {
      this.#totals[newest] = total;
      return;
    }
    if (this.#count === this.#times.length) this.#makeRoom();
    const place = this.#place(this.#count++);
    this.#times[place] = now;
    this.#totals[place] = total;
  }

  /** The total at `time`, or up to the spacing later; null: before all that is remembered. */
  at(time: number): number | null {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#times[this.#place(middle)] <= time) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? null : this.#totals[this.#place(low - 1)];
  }

  #place(index: number): number {
    return (this.#oldest + index) & (this.#times.length - 1);
  }

  #makeRoom(): void {
    if (this.#count === MOST_MARKS) {
      this.#oldest = this.#place(1);
      this.#count--;
      return;
    }
    // Nothing has been forgotten yet, so the oldest mark is still the first.
    this.#times = doubled(this.#times);
    this.#totals = doubled(this.#totals);
  }
}

function doubled(ring: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(ring.length * 2);
  larger.set(ring);
  return larger;
}
