/**
 * Count memory: what was counted before need not be counted again.
 *
 * An agent sends its whole history with every step: 96 % of its input was there before. Texts are
 * known by checksum and length; nothing of the text itself is kept. Two texts of one length and one
 * CRC-32 would be taken for each other, which makes an estimate wrong by a little, and settlement right.
 */
import { crc32 } from "node:zlib";

/** A text's length takes the low bits of its key: 2^32 x 2^21 is the last whole number of a double. */
const LENGTHS = 2 ** 21;
/** Of a longer text, the beginning and the end are enough to know it by. */
const MOST_HASHED = 2 ** 20;

/** Of tokens in a value; what is above is the kind. */
const TOKENS = 2 ** 40;

export class CountMemory {
  readonly #keys: Float64Array;
  /** `kind * TOKENS + tokens` */
  readonly #values: Float64Array;
  readonly #mask: number;

  /** `places`: a power of 2; 16 bytes each, and texts beyond them push others out. */
  constructor(places: number) {
    this.#keys = new Float64Array(places);
    this.#values = new Float64Array(places);
    this.#mask = places - 2;
  }

  /** What is remembered under `key`, as `kindIn` and `tokensIn` read it; -1: nothing. */
  find(key: number): number {
    const first = this.#pairOf(key);
    if (this.#keys[first] === key) return this.#values[first];
    if (this.#keys[first + 1] !== key) return -1;
    const value = this.#values[first + 1];
    this.#moveDown(first);
    this.#put(first, key, value);
    return value;
  }

  remember(key: number, kind: number, tokens: number): void {
    const first = this.#pairOf(key);
    this.#moveDown(first);
    this.#put(first, key, kind * TOKENS + tokens);
  }

  #pairOf(key: number): number {
    return Math.floor(key / LENGTHS) & this.#mask;
  }

  /** The less lately used of a pair is the one to go. */
  #moveDown(first: number): void {
    this.#put(first + 1, this.#keys[first], this.#values[first]);
  }

  #put(place: number, key: number, value: number): void {
    this.#keys[place] = key;
    this.#values[place] = value;
  }
}

export function kindIn(value: number): number {
  return Math.floor(value / TOKENS);
}

export function tokensIn(value: number): number {
  return value % TOKENS;
}

/** By what a text is known. */
export function keyOf(text: string): number {
  return checksum(text) * LENGTHS + (text.length % LENGTHS);
}

/**
 * Of the low byte of each character: to write Chinese out as UTF-8 takes ten times as long, and
 * texts of one length that differ in high bytes only do not occur.
 */
function checksum(text: string): number {
  if (text.length <= MOST_HASHED) return crc32(lowBytes(text));
  const half = MOST_HASHED / 2;
  const head = crc32(lowBytes(text.slice(0, half)));
  return crc32(lowBytes(text.slice(-half)), head);
}

const scratch = Buffer.allocUnsafeSlow(MOST_HASHED);

/** Valid until the next call. */
function lowBytes(text: string): Uint8Array {
  return scratch.subarray(0, scratch.write(text, 0, "latin1"));
}
