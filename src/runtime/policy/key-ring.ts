/** Key ring: which tenant a key belongs to, and until when. Keys are known by their hash only. */

const MICROS_PER_MS = 1_000;

export interface HeldKey {
  readonly tenant: string;
  /** Microseconds since the epoch; Infinity: it never expires. */
  readonly validUntil: number;
}

export class KeyRing {
  readonly #byHash = new Map<string, HeldKey>();

  get size(): number {
    return this.#byHash.size;
  }

  /** Who came first keeps it. `expiresAt` in milliseconds since the epoch; null: never. */
  add(hash: string, tenant: string, expiresAt: number | null): void {
    if (this.#byHash.has(hash)) return;
    const validUntil = expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt * MICROS_PER_MS;
    this.#byHash.set(hash, { tenant, validUntil });
  }

  remove(hash: string, tenant: string): void {
    if (this.#byHash.get(hash)?.tenant === tenant) this.#byHash.delete(hash);
  }

  /** Null: nobody's, or expired. */
  holder(hash: string, now: number): HeldKey | null {
    const held = this.#byHash.get(hash);
    return held === undefined || held.validUntil <= now ? null : held;
  }

  clear(): void {
    this.#byHash.clear();
  }
}
