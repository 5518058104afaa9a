/** Large request: the amount that 95 % of requests stay below, followed without keeping any of them. */

const SHARE = 0.95;
/** Relative step: settles within some tens of requests, and wavers by a few percent. */
const GAIN = 0.1;

export class LargeRequest {
  /** Micro-units. */
  amount = 0;

  add(amount: number): void {
    if (this.amount === 0) this.amount = amount;
    else this.amount *= amount > this.amount ? 1 + GAIN * SHARE : 1 - GAIN * (1 - SHARE);
  }
}
