/** Output history: how long the latest answers of one kind were, kept in the order of their size. */

/**
 * Answers that count; older ones have given way to them. A tail of which 1 in 100 answers is a
 * part must still show in it, and a model's habits change within days, not within a hundred calls.
 */
const LATEST = 128;
const FIRST_ROOM = 8;
/** A node of the predictor is a few kilobytes at most, so tokens are kept in 32 bits. */
const MOST_TOKENS = 2 ** 32 - 1;

export class OutputHistory {
  /** A ring, the oldest at `#next` once it is full. */
  #latest = new Uint32Array(FIRST_ROOM);
  #sorted = new Uint32Array(FIRST_ROOM);
  #next = 0;
  #count = 0;
  #sum = 0;

  get count(): number {
    return this.#count;
  }

  /** Of the latest; 0: there is none. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** The smallest of the latest that at least this share of them does not exceed; there must be one. */
  quantile(share: number): number {
    const rank = Math.ceil(share * this.#count);
    return this.#sorted[Math.min(Math.max(rank, 1), this.#count) - 1];
  }

  add(tokens: number): void {
    const value = Math.min(Math.max(0, Math.round(tokens)), MOST_TOKENS);
    if (this.#count === LATEST) this.#takeOut(this.#latest[this.#next]);
    else if (this.#count === this.#latest.length) this.#grow();
    this.#latest[this.#next] = value;
    this.#next = (this.#next + 1) % LATEST;
    this.#putIn(value);
  }

  #grow(): void {
    const room = Math.min(2 * this.#latest.length, LATEST);
    this.#latest = enlarged(this.#latest, room);
    this.#sorted = enlarged(this.#sorted, room);
  }

  #takeOut(value: number): void {
    const at = this.#placeOf(value);
    this.#sorted.copyWithin(at, at + 1, this.#count);
    this.#count--;
    this.#sum -= value;
  }

  #putIn(value: number): void {
    const at = this.#placeOf(value);
    this.#sorted.copyWithin(at + 1, at, this.#count);
    this.#sorted[at] = value;
    this.#count++;
    this.#sum += value;
  }

  /** The first place that holds no less. */
  #placeOf(value: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function enlarged(values: Uint32Array, room: number): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(room);
  more.set(values);
  return more;
}
