/**
 * Margin: the share of a limit that is never spent, learned towards the smallest that keeps refusals rare.
 *
 * Stochastic approximation: every grant at a meter that binds lowers it a little, every refusal
 * raises it by a step, and the two are in balance where one grant in 2,000 is refused.
 */

const INITIAL = 0.1;
/** Rounding and the jitter of the way there are never zero. */
const LEAST = 0.002;
/** More than this is no error of estimates: others use the account, and drift learns of them. */
const MOST = 0.3;
/** Refused grants that are aimed at: half of the 0.1 % that are allowed. */
const TARGET = 0.000_5;
const STEP = 0.02;
/** A provider that punishes a refusal by a pause makes each far dearer than a larger margin. */
const COOLDOWN_STEP = 0.06;
/** Until the first refusal: from a tenth to a hundredth in 230 grants. */
const DECLINE = 0.01;

export class Margin {
  share = INITIAL;
  #hasBeenRefused = false;

  /** A request was granted while the meter bound. */
  granted(): void {
    const decline = this.#hasBeenRefused ? TARGET * STEP : DECLINE * this.share;
    this.share = Math.max(LEAST, this.share - decline);
  }

  /** It was learned elsewhere. */
  adopt(share: number): void {
    if (share > this.share) this.#hasBeenRefused = true;
    this.share = Math.min(MOST, Math.max(LEAST, share));
  }

  /** The provider refused in a new epoch. */
  refused(isCooldown: boolean): void {
    this.#hasBeenRefused = true;
    this.share = Math.min(MOST, this.share + (isCooldown ? COOLDOWN_STEP : STEP));
  }
}
