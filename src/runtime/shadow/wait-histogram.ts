/** Wait histogram: quantiles of any number of waits in little room, by boxes that widen with the wait. */

/** Shorter is no wait. */
const LEAST_MS = 0.1;
/** Quantiles are told within half of this: 2.5 %. */
const GROWTH = 1.05;
/** Up to an hour, the longest max wait. */
const BOXES = Math.ceil(Math.log(3_600_000 / LEAST_MS) / Math.log(GROWTH)) + 1;

export class WaitHistogram {
  readonly #counts = new Float64Array(BOXES);
  #total = 0;

  add(waitMs: number): void {
    this.#counts[boxOf(waitMs)]++;
    this.#total++;
  }

  /** The wait in milliseconds that this share of all does not exceed; null: there was none. */
  quantile(share: number): number | null {
    if (this.#total === 0) return null;
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    const box = this.#counts.findIndex((count) => {
      seen += count;
      return seen >= rank;
    });
    return box === 0 ? 0 : LEAST_MS * GROWTH ** (box - 0.5);
  }
}

function boxOf(waitMs: number): number {
  if (!(waitMs >= LEAST_MS)) return 0;
  const box = 1 + Math.floor(Math.log(waitMs / LEAST_MS) / Math.log(GROWTH));
  return Math.min(box, BOXES - 1);
}
