/**
 * Epoch: one congestion, however many requests it hits. What was sent before we reacted tells nothing
 * that the reaction has not answered, so two hundred refusals in flight are one (as in NewReno).
 */

export class Epoch {
  #reactedAt = Number.NEGATIVE_INFINITY;

  /** Does the refusal of what was sent at `sentAt` begin an epoch? If so, it is taken as answered now. */
  begins(sentAt: number, now: number): boolean {
    if (sentAt <= this.#reactedAt) return false;
    this.#reactedAt = now;
    return true;
  }
}
