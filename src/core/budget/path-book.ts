/** Path book: what is watched along one path, looked up once and not with every request. */
import type { Demand } from "../demand.ts";
import type { LimitReading } from "../dialect.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { amountIn, type Path } from "../scheduler/path.ts";
import type { InFlightLimit } from "./in-flight-limit.ts";
import { perMsOf } from "./limit-differences.ts";
import type { Rest } from "./rest.ts";
import type { Watch } from "./watch.ts";

/** Windows told and configured are the same within this: months and days with a changed clock vary. */
const SAME_WINDOW = 0.05;

/** All of the first answers are read, then at most so many: 500 a second. */
const FIRST_READS = 64;
const READ_SPACING_MICROS = 2_000;

interface PathParts {
  readonly watches: readonly (Watch | null)[];
  readonly rests: readonly Rest[];
  readonly inFlight: InFlightLimit | null;
}

export class PathBook {
  /** By place in the path; null: slots, and meters of the budget's own. */
  readonly watches: readonly (Watch | null)[];
  /** By place in the path. */
  readonly rests: readonly Rest[];
  readonly inFlight: InFlightLimit | null;
  readonly #path: Path;
  #reads = 0;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(path: Path, parts: PathParts) {
    this.#path = path;
    this.watches = parts.watches;
    this.rests = parts.rests;
    this.inFlight = parts.inFlight;
  }

  /** Are the headers of one more answer worth reading? Of many at once some tell as much as all. */
  isReadingDue(now: number): boolean {
    if (this.#reads >= FIRST_READS && now - this.#readAt < READ_SPACING_MICROS) return false;
    this.#reads++;
    this.#readAt = now;
    return true;
  }

  /** What a demand asks of the i-th meter, micro-units. */
  amount(i: number, demand: Demand): number {
    return amountIn(demand, this.#path.columns[i], this.#path.meters[i]);
  }

  /** Place of the meter that a reading is about, but for those that have one; -1: of none. */
  placeOf(reading: LimitReading, told: readonly unknown[]): number {
    const { limit } = reading;
    const places = this.#placesOf(reading).filter((place) => told[place] === undefined);
    if (limit === null) return places.length === 1 ? places[0] : -1;
    const capacity = limit * MICRO_UNITS;
    return places.find((place) => this.#path.meters[place].capacity === capacity) ?? -1;
  }

  /** Watches of the reading's dimension and window, whatever their limit. */
  alike(reading: LimitReading): readonly Watch[] {
    return this.#placesOf(reading).map((place) => this.watches[place] as Watch);
  }

  #placesOf({ dimension, perMs }: LimitReading): number[] {
    const places: number[] = [];
    for (let i = 0; i < this.watches.length; i++) {
      const meter = this.watches[i]?.meter;
      if (meter?.label.dimension !== dimension) continue;
      if (perMs === null || isNear(perMsOf(meter), perMs)) places.push(i);
    }
    return places;
  }
}

function isNear(one: number, other: number): boolean {
  return Math.abs(one - other) <= SAME_WINDOW * other;
}
