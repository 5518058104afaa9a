/** Limit differences: configured limits that are higher than what the provider says, for people to know of. */
import { MICROS_PER_MS } from "../clock.ts";
import type { LimitReading } from "../dialect.ts";
import { type Meter, MICRO_UNITS } from "../meter/meter.ts";
import type { LimitDifference } from "./options.ts";

const MOST = 100;

export class LimitDifferences {
  readonly #byMeter = new Map<Meter, LimitDifference>();
  /** A new array whenever something in it has changed. */
  list: readonly LimitDifference[] = [];

  /** A limit of the meter's dimension and window was told. */
  compare(meter: Meter, perMs: number, told: number, dimension: LimitReading["dimension"]): void {
    const configured = meter.capacity / MICRO_UNITS;
    const known = this.#byMeter.get(meter);
    if (told >= configured || known?.told === told) return;
    if (known === undefined && this.#byMeter.size >= MOST) return;
    const { selector } = meter.label;
    this.#byMeter.set(meter, { dimension, selector, perMs, configured, told });
    this.list = [...this.#byMeter.values()];
  }
}

/** Length of a meter's window, milliseconds. */
export function perMsOf(meter: Meter): number {
  return meter.capacity / meter.rate / MICROS_PER_MS;
}
