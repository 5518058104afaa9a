/**
 * Sliding window: at most `capacity` in any span of `per`.
 *
 * Debits are kept in 128 slots of the window. A slot counts until its last moment has left the
 * window, so the meter is exact or stricter by at most one slot (0.8 % of the window), never laxer.
 */
import { Meter, type MeterLabel, type MeterReading } from "./meter.ts";

const SLOTS = 128;

export interface SlidingWindowOptions {
  readonly label: MeterLabel;
  readonly capacity: number;
  readonly per: number;
  readonly now: number;
  readonly initialShare: number;
  /** What is not available at the start was taken evenly over the last window; absent: at its end. */
  readonly isUsedEvenly?: boolean;
}

export class SlidingWindow extends Meter {
  capacity: number;
  rate: number;
  #slotLength: number;
  /** One slot more than the window, for the slot that is being filled. */
  readonly #debits = new Float64Array(SLOTS + 1);
  /** What left the window when a slot began, in that slot's place. */
  readonly #left = new Float64Array(SLOTS + 1);
  #used = 0;
  #slot: number;

  constructor(options: SlidingWindowOptions) {
    super(options.label);
    this.capacity = options.capacity;
    this.rate = options.capacity / options.per;
    this.#slotLength = Math.ceil(options.per / SLOTS);
    this.#slot = this.#slotOf(options.now);
    const used = Math.ceil(options.capacity * (1 - options.initialShare));
    const among = options.isUsedEvenly === true ? Math.min(SLOTS, this.#slot + 1) : 1;
    const each = Math.floor(used / among);
    for (let i = 1; i < among; i++) this.#add(this.#slot - i, each);
    this.#add(this.#slot, used - each * (among - 1));
  }

  level(now: number): number {
    this.#advance(now);
    return this.capacity - this.#used;
  }

  protected timeUntil(target: number, now: number): number {
    this.#advance(now);
    let level = this.capacity - this.#used;
    for (let slot = this.#slot - SLOTS; slot <= this.#slot; slot++) {
      if (slot < 0) continue;
      level += this.#debits[slot % (SLOTS + 1)];
      if (level >= target) return this.#freesAt(slot) - now;
    }
    return this.#freesAt(this.#slot) - now;
  }

  protected take(amount: number, now: number): void {
    this.#advance(now);
    this.#add(this.#slot, amount);
  }

  protected give(amount: number, debitedAt: number, now: number): void {
    this.#advance(now);
    const slot = this.#slotOf(debitedAt);
    if (amount < 0) this.#add(this.#slot, -amount);
    else if (slot >= this.#slot - SLOTS) this.#add(slot, -this.#returnable(slot, amount));
  }

  /** What others have used counts from now on; what we have wrongly counted is taken off the latest first. */
  adjust(delta: number, now: number): void {
    this.#advance(now);
    if (delta < 0) this.#add(this.#slot, -delta);
    let left = Math.min(Math.max(0, delta), this.#used);
    const oldest = Math.max(0, this.#slot - SLOTS);
    for (let slot = this.#slot; left > 0 && slot > oldest; slot--) {
      const taken = this.#returnable(slot, left);
      this.#add(slot, -taken);
      left -= taken;
    }
  }

  /**
   * What of ours has left the window since, and of others as much as they can take on average: of
   * theirs is known only what was told.
   */
  refilled(from: number, to: number): number {
    this.#advance(to);
    let left = Math.max(0, to - from) * this.rate;
    const first = Math.max(this.#slotOf(from), this.#slot - SLOTS);
    for (let slot = first; slot <= this.#slot; slot++) left += this.#left[slot % (SLOTS + 1)];
    return Math.min(this.capacity, Math.ceil(left));
  }

  override setForeign(): void {}

  resize(capacity: number, per: number, now: number): void {
    this.#advance(now);
    this.capacity = capacity;
    this.rate = capacity / per;
    const slotLength = Math.ceil(per / SLOTS);
    if (slotLength !== this.#slotLength) this.#restart(slotLength, now);
  }

  /** With another length of window all that was used counts as used now: stricter, never laxer. */
  #restart(slotLength: number, now: number): void {
    const used = this.#used;
    this.#slotLength = slotLength;
    this.#debits.fill(0);
    this.#left.fill(0);
    this.#used = 0;
    this.#slot = this.#slotOf(now);
    this.#add(this.#slot, used);
  }

  read(now: number): MeterReading {
    const level = this.level(now);
    const resetsAt = level < this.capacity ? now + this.timeUntil(this.capacity, now) : now;
    return { limit: this.capacity, level, resetsAt };
  }

  #returnable(slot: number, amount: number): number {
    return Math.min(amount, this.#debits[slot % (SLOTS + 1)]);
  }

  #slotOf(time: number): number {
    return Math.floor(time / this.#slotLength);
  }

  #freesAt(slot: number): number {
    return (slot + 1 + SLOTS) * this.#slotLength;
  }

  #add(slot: number, amount: number): void {
    this.#debits[slot % (SLOTS + 1)] += amount;
    this.#used += amount;
  }

  #advance(now: number): void {
    const target = this.#slotOf(now);
    if (target <= this.#slot) return;
    if (target - this.#slot > SLOTS) {
      this.#debits.fill(0);
      this.#left.fill(0);
      this.#left[target % (SLOTS + 1)] = this.#used;
      this.#used = 0;
    } else {
      for (let slot = this.#slot + 1; slot <= target; slot++) {
        const place = slot % (SLOTS + 1);
        this.#left[place] = this.#debits[place];
        this.#used -= this.#debits[place];
        this.#debits[place] = 0;
      }
    }
    this.#slot = target;
  }
}
