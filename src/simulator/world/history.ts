/** History: what became of every task, and a fingerprint of all that happened, in order. */

export const TASK = { absent: 0, pending: 1, ok: 2, refused: 3 } as const;

/** Why a task was given up, by number, so that a million of them are small. */
export const ENDS = [
  "max_wait_exceeded",
  "queue_full",
  "demand_exceeds_limit",
  "tenant_quota_exhausted",
  "rate_limit_exceeded",
] as const;
export type End = (typeof ENDS)[number];

const FNV_PRIME = 16_777_619;
const FNV_BASIS = 2_166_136_261;
/** Beside FNV-1a's, so that two 32-bit fingerprints make one of 64. */
const OTHER_PRIME = 2_654_435_761;

export class History {
  /** One of TASK. */
  readonly state: Uint8Array;
  readonly arrivedAt: Float64Array;
  /** When the attempt was sent that was served, or the task was given up. */
  readonly waitedUntil: Float64Array;
  /** Microseconds; NaN: nobody foretold anything. */
  readonly foreseen: Float64Array;
  readonly end: Uint8Array;
  /** 1: told so on arrival. */
  readonly isAtOnce: Uint8Array;
  #low = FNV_BASIS;
  #high = FNV_BASIS;

  constructor(tasks: number) {
    this.state = new Uint8Array(tasks);
    this.arrivedAt = new Float64Array(tasks);
    this.waitedUntil = new Float64Array(tasks);
    this.foreseen = new Float64Array(tasks).fill(Number.NaN);
    this.end = new Uint8Array(tasks);
    this.isAtOnce = new Uint8Array(tasks);
  }

  /** Adds one event: what, whom, when. */
  note(kind: number, task: number, now: number): void {
    const early = Math.floor(now / 4_294_967_296);
    this.#low = Math.imul(this.#low ^ (now >>> 0) ^ kind, FNV_PRIME);
    this.#low = Math.imul(this.#low ^ task ^ early, FNV_PRIME);
    this.#high = Math.imul(this.#high ^ (now >>> 0) ^ (task << 4) ^ kind, OTHER_PRIME);
  }

  get fingerprint(): string {
    return [this.#high, this.#low]
      .map((part) => (part >>> 0).toString(16).padStart(8, "0"))
      .join("");
  }
}
