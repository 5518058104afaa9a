/** Quota levels: tells once per window when a quota is used up to a level. */

/** Shares of a quota at which somebody should know, 0 to 1. */
export interface QuotaThresholds {
  readonly warn: number;
  readonly act: number;
}

export type QuotaLevel = "warn" | "act";

export class QuotaLevels {
  /** The highest that was told in this window. */
  #told: QuotaLevel | null = null;
  #windowEndsAt = 0;

  /**
   * The level that is reached and was not told in the window that ends at `endsAt`; null: none. A
   * quota that is raised or reset is told of again from below.
   */
  reached(share: number, endsAt: number, { warn, act }: QuotaThresholds): QuotaLevel | null {
    if (endsAt !== this.#windowEndsAt) {
      this.#windowEndsAt = endsAt;
      this.#told = null;
    }
    const level = share >= act ? "act" : share >= warn ? "warn" : null;
    if (level === null || level === this.#told || this.#told === "act") return null;
    this.#told = level;
    return level;
  }

  /** The quota is another one from now on. */
  forget(): void {
    this.#told = null;
  }
}
