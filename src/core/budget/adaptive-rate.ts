/** Adaptive rate: requests per second, felt out by success and refusal where neither limits nor headers are known. */
import { MICROS_PER_SECOND } from "../clock.ts";
import { Bucket } from "../meter/bucket.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { Epoch } from "./epoch.ts";
import type { AdaptiveOptions } from "./options.ts";

const RAISE = 1.1;
const CUT = 0.5;
const SUCCESSES = 10;
/** Once headers tell limits: a million requests a millisecond is no limit. */
const ASIDE = { requests: 1_000_000, per: 1_000 };

export class AdaptiveRate {
  readonly meter: Bucket;
  readonly #options: AdaptiveOptions;
  readonly #epoch = new Epoch();
  /** Requests per second. */
  #rate: number;
  #successes = 0;
  #isBinding = false;
  #raisedAt: number;
  #isAside = false;
  #isNeeded = false;

  constructor(options: AdaptiveOptions, now: number) {
    this.#options = options;
    this.#rate = Math.min(options.max, Math.max(options.min, options.initial));
    this.#raisedAt = now;
    const label = { dimension: "requests", selector: "adaptive rate" } as const;
    this.meter = new Bucket({ label, ...sizeOf(this.#rate), now, initialShare: 1 });
    this.meter.margin = 0;
  }

  /** Requests per second. */
  get rate(): number {
    return this.#rate;
  }

  /** A request has left, after its debit, and others wait. */
  sentBeforeOthers(now: number): void {
    if (this.meter.level(now) < MICRO_UNITS) this.#isBinding = true;
  }

  /** Says whether the rate was raised. */
  succeeded(now: number): boolean {
    this.#successes++;
    if (this.#isAside || !this.#isBinding || this.#successes < SUCCESSES) return false;
    if (now - this.#raisedAt < MICROS_PER_SECOND) return false;
    this.#raisedAt = now;
    this.#change(this.#rate * RAISE, now);
    return true;
  }

  /** No success, for whatever reason. */
  failed(): void {
    this.#successes = 0;
  }

  /** A quota refusal; says whether the rate was cut: once an epoch. */
  refused(sentAt: number, now: number): boolean {
    this.#successes = 0;
    if (this.#isAside || !this.#epoch.begins(sentAt, now)) return false;
    this.#change(this.#rate * CUT, now);
    return true;
  }

  get isAside(): boolean {
    return this.#isAside;
  }

  standAside(now: number): void {
    if (this.#isNeeded) return;
    this.#isAside = true;
    this.meter.resize(ASIDE.requests * MICRO_UNITS, ASIDE.per, now);
  }

  /** Headers tell limits, but not the one that refuses: it is felt out after all. Says whether that is news. */
  takeOver(now: number): boolean {
    this.#isNeeded = true;
    if (!this.#isAside) return false;
    this.#isAside = false;
    this.#raisedAt = now;
    this.#change(this.#rate, now);
    return true;
  }

  /** Its meter was resized elsewhere. */
  adopt(now: number): void {
    this.#isAside = this.meter.capacity >= ASIDE.requests * MICRO_UNITS;
    if (this.#isAside) return;
    this.#rate = this.meter.rate; // micro-units a microsecond are units a second
    this.#epoch.begins(now, now);
    this.#raisedAt = now;
    this.#successes = 0;
    this.#isBinding = false;
  }

  #change(rate: number, now: number): void {
    this.#rate = Math.min(this.#options.max, Math.max(this.#options.min, rate));
    const { capacity, per } = sizeOf(this.#rate);
    this.meter.resize(capacity, per, now);
    this.#successes = 0;
    this.#isBinding = false;
  }
}

/** A second's worth, but a whole request at least. */
function sizeOf(rate: number): { readonly capacity: number; readonly per: number } {
  const capacity = Math.round(Math.max(1, rate) * MICRO_UNITS);
  return { capacity, per: Math.round(((capacity / MICRO_UNITS) * MICROS_PER_SECOND) / rate) };
}
