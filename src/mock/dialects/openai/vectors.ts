/** Vectors: a small bank of unit vectors, kept as JSON, so that an embedding costs next to nothing. */
import { createRandom } from "../../answer/random.ts";

const VARIANTS = 16;
/** At most this many lengths are kept: clients choose the length. */
const MAX_BANKS = 4;

interface Vector {
  readonly floats: string;
  readonly base64: string;
}

const banks = new Map<number, Vector[]>();

/** The JSON of the vector for a text: an array of numbers, or base64 of little-endian 32-bit floats. */
export function embeddingJson(text: string, dimensions: number, isBase64: boolean): string {
  const vector = bankOf(dimensions)[hash(text) % VARIANTS];
  return isBase64 ? vector.base64 : vector.floats;
}

function bankOf(dimensions: number): Vector[] {
  const known = banks.get(dimensions);
  if (known) return known;
  if (banks.size >= MAX_BANKS) banks.clear();
  const bank = Array.from({ length: VARIANTS }, (_, seed) => createVector(dimensions, seed));
  banks.set(dimensions, bank);
  return bank;
}

function createVector(dimensions: number, seed: number): Vector {
  const random = createRandom(seed);
  const raw = Float32Array.from({ length: dimensions }, () => random() - 0.5);
  const length = Math.hypot(...raw) || 1;
  const unit = raw.map((value) => value / length);
  const base64 = Buffer.from(unit.buffer).toString("base64");
  return { floats: JSON.stringify([...unit]), base64: JSON.stringify(base64) };
}

/** FNV-1a. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return state >>> 0;
}
