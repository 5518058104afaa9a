/** Own meters: those a budget adds to every path: adaptive rate, slow start, and calls in flight by model. */
import type { Meter } from "../meter/meter.ts";
import type { Path } from "../scheduler/path.ts";
import { AdaptiveRate } from "./adaptive-rate.ts";
import { InFlightLimit } from "./in-flight-limit.ts";
import type { BudgetOptions } from "./options.ts";
import { SlowStart } from "./slow-start.ts";

/** Models beyond these share one limit in flight: their names come from clients. */
const MOST_MODELS = 500;

export class OwnMeters {
  readonly adaptive: AdaptiveRate | null;
  readonly slowStart: SlowStart | null;
  readonly #inFlight = new Map<string | null | undefined, InFlightLimit>();
  readonly #byMeter = new WeakMap<Meter, InFlightLimit>();
  readonly #resized: (meter: Meter) => void;

  /** `resized` is called with a meter whose capacity has changed. */
  constructor(options: BudgetOptions, now: number, resized: (meter: Meter) => void) {
    const { hasLimits, adaptive } = options;
    this.adaptive = hasLimits || adaptive === null ? null : new AdaptiveRate(adaptive, now);
    this.slowStart = hasLimits ? null : new SlowStart();
    this.#resized = resized;
  }

  metersFor(model: string | null): readonly Meter[] {
    const meters: (Meter | undefined)[] = [
      this.adaptive?.meter,
      this.slowStart?.meter,
      this.inFlightFor(model).meter,
    ];
    return meters.filter((meter) => meter !== undefined);
  }

  /** Those that hold something back, or may do so. */
  get limiting(): readonly Meter[] {
    const meters: Meter[] = [];
    if (this.adaptive !== null && !this.adaptive.isAside) meters.push(this.adaptive.meter);
    if (this.slowStart !== null && !this.slowStart.isOver) meters.push(this.slowStart.meter);
    for (const limit of this.#inFlight.values()) if (limit.isLimited) meters.push(limit.meter);
    return meters;
  }

  isOwn(meter: Meter): boolean {
    return meter === this.adaptive?.meter;
  }

  inFlightOn(path: Path): InFlightLimit | null {
    for (const meter of path.meters) {
      const limit = this.#byMeter.get(meter);
      if (limit !== undefined) return limit;
    }
    return null;
  }

  sent(inFlight: InFlightLimit | null, areOthersWaiting: boolean, now: number): void {
    inFlight?.sent(now);
    if (areOthersWaiting) this.adaptive?.sentBeforeOthers(now);
  }

  /** The head of an answer is here. */
  answered(): void {
    if (this.slowStart?.answered()) this.#resized(this.slowStart.meter);
  }

  /** Headers told a limit: nothing has to be felt out any more. */
  limitTold(now: number): void {
    if (this.adaptive === null || this.adaptive.isAside) return;
    this.adaptive.standAside(now);
    this.#resized(this.adaptive.meter);
  }

  /** Requests are refused, and no header tells how many are allowed. */
  requestsUntold(now: number): void {
    if (this.adaptive?.takeOver(now)) this.#resized(this.adaptive.meter);
  }

  limitsLearned(): void {
    if (this.slowStart === null || this.slowStart.isOver) return;
    this.slowStart.end();
    this.#resized(this.slowStart.meter);
  }

  succeeded(inFlight: InFlightLimit | null, now: number): void {
    if (this.adaptive?.succeeded(now)) this.#resized(this.adaptive.meter);
    if (inFlight?.succeeded()) this.#resized(inFlight.meter);
  }

  failed(): void {
    this.adaptive?.failed();
  }

  /** A quota refusal; says whether it began an epoch of the adaptive rate. */
  refused(sentAt: number, now: number): boolean {
    this.slowStart?.refused();
    const isCut = this.adaptive?.refused(sentAt, now) ?? false;
    if (isCut) this.#resized((this.adaptive as AdaptiveRate).meter);
    return isCut;
  }

  /** Overload, a timeout, or too many calls at once; says whether it began an epoch. */
  overloaded(inFlight: InFlightLimit | null, sentAt: number, now: number): boolean {
    this.adaptive?.failed();
    this.slowStart?.refused();
    if (inFlight === null || !inFlight.overloaded(sentAt, now)) return false;
    this.#resized(inFlight.meter);
    return true;
  }

  /** One of these was resized elsewhere. */
  adopt(meter: Meter, now: number): void {
    if (meter === this.adaptive?.meter) this.adaptive.adopt(now);
    else this.#byMeter.get(meter)?.adopt(now);
  }

  inFlightFor(model: string | null | undefined): InFlightLimit {
    const isKnown = this.#inFlight.has(model) || this.#inFlight.size < MOST_MODELS;
    const key = isKnown ? model : undefined;
    let limit = this.#inFlight.get(key);
    if (limit === undefined) {
      limit = new InFlightLimit(key);
      this.#inFlight.set(key, limit);
      this.#byMeter.set(limit.meter, limit);
    }
    return limit;
  }
}
