/** Watch: all that is learned of one meter: bounds, others' traffic, margin, size of requests, congestion. */
import type { Demand } from "../demand.ts";
import { Bucket } from "../meter/bucket.ts";
import type { Meter } from "../meter/meter.ts";
import { toMicro } from "../queue/tickets.ts";
import type { Told } from "./bounds.ts";
import { Epoch } from "./epoch.ts";
import { LargeRequest } from "./large-request.ts";
import { Margin } from "./margin.ts";
import { Reconciler } from "./reconciler.ts";

/** Below this share of the rate others' traffic is noise. */
const LEAST_FOREIGN = 0.01;
/** Together with the margin, no request may claim more of a limit as headroom. */
const MOST_HEADROOM = 0.3;
/** Requests are priced anew when the supply has changed by more than this share of itself. */
const SUPPLY_STEP = 0.05;
/** A stated wait this much longer than the refill of the whole demand is a punishment. */
const COOLDOWN_RATIO = 4;
const LEAST_COOLDOWN_MICROS = 5_000_000;

export class Watch {
  readonly meter: Meter;
  readonly #reconciler: Reconciler;
  readonly #epoch = new Epoch();
  readonly #margin: Margin | null;
  readonly #fixedShare: number;
  readonly #large = new LargeRequest();
  #supply: number;

  constructor(meter: Meter, margin: "auto" | number, now: number) {
    this.meter = meter;
    this.#reconciler = new Reconciler(meter, now);
    this.#margin = margin === "auto" ? new Margin() : null;
    this.#fixedShare = margin === "auto" ? 0 : margin;
    this.#supply = meter.supply;
  }

  /** The share of the capacity to keep: the margin, and a large request's worth while others take too. */
  get floorShare(): number {
    const margin = this.#margin?.share ?? this.#fixedShare;
    return Math.max(margin, Math.min(MOST_HEADROOM, margin + this.#headroom));
  }

  /** On top of the margin: that covers what is uncertain of our own requests, this of others'. */
  get #headroom(): number {
    const { meter } = this;
    if (meter.foreign <= LEAST_FOREIGN * meter.rate) return 0;
    return this.#large.amount / meter.capacity;
  }

  /** The books that others keep have been read; another instance has corrected the level by so much. */
  followed(correction: number, now: number): void {
    this.#reconciler.followed(correction, now);
  }

  /** Another instance has learned what others on the account take. */
  adoptForeign(rate: number): void {
    this.#reconciler.adoptForeign(rate);
  }

  /** Another instance keeps this share of the capacity. */
  adoptFloor(share: number): void {
    this.#margin?.adopt(share - this.#headroom);
  }

  /** Has the supply changed so much since this was last true that requests are worth another time of it? */
  hasMovedSupply(): boolean {
    const { supply } = this.meter;
    if (Math.abs(supply - this.#supply) <= SUPPLY_STEP * this.#supply) return false;
    this.#supply = supply;
    return true;
  }

  /** A request has left, after its debit of `amount`. */
  sent(amount: number, demand: Demand, now: number): void {
    if (amount === 0) return;
    this.#reconciler.sent(pendingOf(this.meter, amount, demand), now);
    this.#large.add(amount);
    // Another one would not fit: this is what holds requests back.
    const spare = this.meter.level(now) - this.meter.capacity * this.floorShare;
    if (spare < amount) this.#margin?.granted();
  }

  ended(amount: number, demand: Demand, now: number): void {
    if (amount > 0) this.#reconciler.ended(pendingOf(this.meter, amount, demand), now);
  }

  /** An answer to the request of `amount` told what is left. */
  observe(told: Told, amount: number, demand: Demand, now: number): void {
    this.#reconciler.observe(told, amount - pendingOf(this.meter, amount, demand), now);
  }

  /**
   * A request of `amount` was refused, because of this meter as far as the provider says; `wait` is
   * what it told, null: nothing. Says whether that began an epoch.
   */
  refused(told: Told, amount: number, wait: number | null, now: number): boolean {
    if (!this.#epoch.begins(told.sentAt, now)) return false;
    this.#reconciler.refused(told, amount, now);
    this.suspected(amount, wait);
    return true;
  }

  /** A request of `amount` was refused, and this meter is likely to be why. */
  suspected(amount: number, wait: number | null): void {
    this.#margin?.refused(wait !== null && this.#isCooldown(amount, wait));
  }

  #isCooldown(amount: number, wait: number): boolean {
    if (!(this.meter instanceof Bucket) || wait < LEAST_COOLDOWN_MICROS) return false;
    return wait > COOLDOWN_RATIO * (amount / this.meter.supply);
  }
}

/** Providers that count output as it is produced count it long after its reservation here. */
export function pendingOf({ label }: Meter, amount: number, demand: Demand): number {
  if (label.dimension === "output_tokens") return amount;
  return label.dimension === "tokens" ? Math.min(amount, toMicro(demand.outputTokens)) : 0;
}
