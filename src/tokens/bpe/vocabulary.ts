/**
 * Vocabulary: the tokens of a byte-pair encoding as a hash table in flat arrays.
 *
 * Flat, so that a worker can build it and hand it over without a copy, and so that a lookup makes
 * no string of what it looks up.
 */
import { writeUtf8 } from "./utf8.ts";

/** A token as text, or as bytes where it is not a whole character; its place is its rank. */
export type Ranks = readonly (string | readonly number[])[];

/** Everything there is to a vocabulary, in buffers that can be transferred. */
export interface VocabularyTables {
  /** The bytes of all tokens, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each token's bytes begin; one more entry than there are tokens. */
  readonly starts: Int32Array<ArrayBuffer>;
  /** Open addressing: rank + 1 in the low bits and a part of the hash above; 0 where nothing is. */
  readonly slots: Int32Array<ArrayBuffer>;
  /** The ranks of all pairs of bytes, which are half of what is looked up. */
  readonly pairs: Int32Array<ArrayBuffer>;
}

export const NO_RANK = 0x7fffffff;

/** The vocabularies have up to 200,000 ranks. The bits above tell most strangers without a look at their bytes. */
const RANK_BITS = 18;
const RANKS = 2 ** RANK_BITS - 1;

/** FNV-1a over bytes. */
export const HASH_START = 0x811c9dc5 | 0;
export const HASH_PRIME = 0x01000193;

export class Vocabulary {
  readonly #bytes: Uint8Array;
  readonly #starts: Int32Array;
  readonly #slots: Int32Array;
  readonly #pairs: Int32Array;
  readonly #mask: number;

  constructor({ bytes, starts, slots, pairs }: VocabularyTables) {
    this.#bytes = bytes;
    this.#starts = starts;
    this.#slots = slots;
    this.#pairs = pairs;
    this.#mask = slots.length - 1;
  }

  /** The rank of the token that is `bytes[from..to)`; NO_RANK if there is none. */
  rankOf(bytes: Uint8Array, from: number, to: number): number {
    if (to - from === 2) return this.#pairs[(bytes[from] << 8) | bytes[from + 1]];
    let hash = HASH_START;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], HASH_PRIME);
    return this.rankOfHashed(bytes, from, to, hash);
  }

  /** The same where the hash is known already. */
  rankOfHashed(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const tag = hash & ~RANKS;
    for (let slot = firstSlot(hash, mask); ; slot = (slot + 1) & mask) {
      const held = slots[slot];
      if (held === 0) return NO_RANK;
      if ((held & ~RANKS) !== tag) continue;
      const rank = (held & RANKS) - 1;
      if (this.#equals(rank, bytes, from, to)) return rank;
    }
  }

  #equals(rank: number, bytes: Uint8Array, from: number, to: number): boolean {
    const starts = this.#starts;
    let at = starts[rank];
    if (starts[rank + 1] - at !== to - from) return false;
    const own = this.#bytes;
    for (let i = from; i < to; i++) if (own[at++] !== bytes[i]) return false;
    return true;
  }
}

/** Lays a vocabulary out; takes about 100 ms for 200,000 tokens. */
export function vocabularyTables(ranks: Ranks): VocabularyTables {
  const starts = new Int32Array(ranks.length + 1);
  let most = 0;
  for (let rank = 0; rank < ranks.length; rank++) most += 3 * (ranks[rank]?.length ?? 0);
  const bytes = new Uint8Array(most);
  // At most half full, so that probes stay short.
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * ranks.length + 1)));
  const pairs = new Int32Array(2 ** 16).fill(NO_RANK);
  let end = 0;
  for (let rank = 0; rank < ranks.length; rank++) {
    const token = ranks[rank] ?? [];
    const start = end;
    if (typeof token === "string") end = writeUtf8(token, 0, token.length, bytes, start);
    else for (const byte of token) bytes[end++] = byte;
    starts[rank + 1] = end;
    if (end > start) place(slots, bytes, start, end, rank);
    if (end - start === 2) pairs[(bytes[start] << 8) | bytes[start + 1]] = rank;
  }
  return { bytes: bytes.slice(0, end), starts, slots, pairs };
}

function place(slots: Int32Array, bytes: Uint8Array, from: number, to: number, rank: number): void {
  let hash = HASH_START;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], HASH_PRIME);
  const mask = slots.length - 1;
  let slot = firstSlot(hash, mask);
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = (hash & ~RANKS) | (rank + 1);
}

/** FNV's low bits alone are poor. */
function firstSlot(hash: number, mask: number): number {
  return (hash ^ (hash >>> 15)) & mask;
}
