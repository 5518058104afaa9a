/**
 * Draw: numbers that depend only on the seed, the purpose and whom they are for, so that every policy
 * meets the same world, in whatever order it asks.
 */

export const PURPOSE = {
  firstToken: 1,
  speed: 2,
  isStreamed: 3,
  uplink: 4,
  downlink: 5,
  stamp: 6,
  jitter: 7,
  toStore: 8,
  fromStore: 9,
  foreignGap: 10,
  foreignSize: 11,
  instance: 12,
  storeLoss: 13,
} as const;
export type Purpose = (typeof PURPOSE)[keyof typeof PURPOSE];

/** Attempts of one task are told apart up to here; later ones repeat the draws. */
const ATTEMPTS = 64;

/** Uniform in [0, 1). */
export function draw(seed: number, purpose: Purpose, subject: number, attempt = 0): number {
  let mixed = mix((seed >>> 0) ^ Math.imul(purpose + 1, 0x9e3779b1));
  mixed = mix(mixed ^ Math.imul(subject + 1, 0x85ebca6b) ^ (attempt % ATTEMPTS));
  return mix(mixed + 0x6d2b79f5) / 4_294_967_296;
}

/** Uniform between two bounds. */
export function drawBetween(
  [least, most]: readonly [number, number],
  seed: number,
  purpose: Purpose,
  subject: number,
  attempt = 0,
): number {
  return least + (most - least) * draw(seed, purpose, subject, attempt);
}

/** Finalizer of MurmurHash3 (Appleby): every bit in changes every bit out. */
function mix(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
