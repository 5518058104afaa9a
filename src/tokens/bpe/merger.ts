/**
 * Merger: how many tokens byte-pair merging leaves of a piece of text.
 *
 * The pair of the lowest rank is merged first, the leftmost of equals, as tiktoken does. A heap
 * finds it, so that a long piece without a break costs n log n: with a scan for each merge,
 * 100 kB of one letter take seconds.
 */
import { NO_RANK, type Vocabulary } from "./vocabulary.ts";

/** Places of a piece in an entry of the heap; a rank takes the bits above. */
const PLACES = 2 ** 31;

export class Merger {
  readonly #vocabulary: Vocabulary;
  /** A part begins at each place that is in use; `#ends` is where it ends. */
  #ends = new Int32Array(0);
  #previous = new Int32Array(0);
  /** The rank that a part and the one after it would have as one. */
  #ranks = new Int32Array(0);
  /** `rank * PLACES + place`: exact in a double up to rank 2^22. */
  #heap = new Float64Array(0);
  #heapSize = 0;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** Tokens of `bytes[0..length)`, at least 1 byte. */
  count(bytes: Uint8Array, length: number): number {
    this.#begin(bytes, length);
    let tokens = length;
    while (this.#heapSize > 0) {
      const entry = this.#pop();
      const rank = Math.floor(entry / PLACES);
      const place = entry - rank * PLACES;
      if (this.#ranks[place] !== rank) continue;
      this.#merge(bytes, length, place);
      tokens--;
    }
    return tokens;
  }

  #begin(bytes: Uint8Array, length: number): void {
    this.#makeRoom(length);
    this.#heapSize = 0;
    for (let place = 0; place < length; place++) {
      this.#ends[place] = place + 1;
      this.#previous[place] = place - 1;
      this.#ranks[place] = NO_RANK;
    }
    for (let place = 0; place < length - 1; place++) this.#rate(bytes, length, place);
  }

  #merge(bytes: Uint8Array, length: number, place: number): void {
    const taken = this.#ends[place];
    const end = this.#ends[taken];
    this.#ends[place] = end;
    this.#ranks[taken] = NO_RANK;
    if (end < length) this.#previous[end] = place;
    this.#rate(bytes, length, place);
    const before = this.#previous[place];
    if (before >= 0) this.#rate(bytes, length, before);
  }

  /** What the part at `place` and the next would be together. */
  #rate(bytes: Uint8Array, length: number, place: number): void {
    const middle = this.#ends[place];
    const rank =
      middle < length ? this.#vocabulary.rankOf(bytes, place, this.#ends[middle]) : NO_RANK;
    this.#ranks[place] = rank;
    if (rank !== NO_RANK) this.#push(rank * PLACES + place);
  }

  #push(entry: number): void {
    const heap = this.#heap;
    let at = this.#heapSize++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent] <= entry) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): number {
    const heap = this.#heap;
    const least = heap[0];
    const size = --this.#heapSize;
    const last = heap[size];
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= last) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return least;
  }

  /** Every merge adds at most two entries and takes out one. */
  #makeRoom(length: number): void {
    if (this.#ends.length >= length) return;
    const room = 2 ** Math.ceil(Math.log2(length + 1));
    this.#ends = new Int32Array(room);
    this.#previous = new Int32Array(room);
    this.#ranks = new Int32Array(room);
    this.#heap = new Float64Array(3 * room);
  }
}
