/** Credit: what a guarantee may spend out of the strict order, kept by a judge from outside. */

/** One second of the pool, or twice the largest request that has waited for the guarantee. */
const LEAST_MOST = 1_000_000_000;

/** What a guarantee has earned and not spent, pool-nanoseconds. */
export class Credit {
  readonly bands: ReadonlySet<number>;
  readonly #share: number;
  #most = LEAST_MOST;
  #earned = 0;
  /** Earned since the pump before. */
  #fresh = 0;
  /** Null: nothing has ever waited. */
  #at: number | null = null;

  constructor(share: number, bands: ReadonlySet<number>) {
    this.#share = share;
    this.bands = bands;
  }

  begin(now: number): void {
    this.#at ??= now;
  }

  /** A request of this cost waits in one of its bands, and the credit may grow until it can pay. */
  makeRoomFor(cost: number): void {
    this.#most = Math.max(this.#most, 2 * cost);
  }

  /** `isWanted`: one of its bands has had work waiting since the pump before. */
  earn(isWanted: boolean, now: number): void {
    const elapsed = now - (this.#at ?? now);
    this.#at = now;
    this.#earned = Math.min(this.#most, this.#earned + this.#fresh);
    this.#fresh = isWanted ? elapsed * 1_000 * this.#share : 0;
  }

  covers(cost: number): boolean {
    return this.#earned + this.#fresh >= cost;
  }

  /** Guarantees are served one after the other: what one of the first spends, is not of the others' new earnings. */
  spend(cost: number, isBeforeItsTurn: boolean): void {
    const rest = this.#earned - cost;
    this.#earned = Math.max(0, rest);
    if (rest < 0 && !isBeforeItsTurn) this.#fresh = Math.max(0, this.#fresh + rest);
  }
}
