/** Path: the shared meters that one kind of request must fit in, with what admission needs to know of each. */
import { amountOf, type Demand } from "../demand.ts";
import { Bucket } from "../meter/bucket.ts";
import { type Meter, MICRO_UNITS } from "../meter/meter.ts";
import { COLUMNS, type Tickets, toMicro } from "../queue/tickets.ts";

/** More meters than this in one path are refused when it is built. */
export const MAX_METERS_PER_PATH = 32;

/** Column of the demand that a meter counts; SLOT: one slot a request; UNITS: a platform's own. */
export const SLOT = -1;
const UNITS = -2;

/** Until calls have been seen, one is expected to take this long: microseconds. */
const FIRST_SERVICE_MICROS = 1_000_000;
/** Weight of the newest call in the moving average of service times. */
const SERVICE_GAIN = 0.1;
/** The same for what requests really take of what they reserve; it is rarely looked at, so slowly. */
const KEPT_GAIN = 0.02;
/** A grave misestimate says nothing about the others. */
const MOST_KEPT = 2;

export function columnOf(meter: Meter): number {
  const { dimension } = meter.label;
  if (dimension === "concurrency") return SLOT;
  const column = COLUMNS.indexOf(dimension as (typeof COLUMNS)[number]);
  return column < 0 ? UNITS : column;
}

/** The amount a ticket takes from a meter with this column, in micro-units. */
export function amountAt(tickets: Tickets, row: number, column: number, meter: Meter): number {
  if (column >= 0) return tickets.amount(row, column);
  return amountOutside(tickets.units[row], meter);
}

/** What is in no column: one slot, or a platform's own units. */
export function amountOutside(units: Demand["units"], meter: Meter): number {
  const { dimension } = meter.label;
  return dimension === "concurrency" ? MICRO_UNITS : toMicro(unitsAt(units, meter));
}

/** The amount that a demand asks of a meter with this column, in micro-units. */
export function amountIn(demand: Demand, column: number, meter: Meter): number {
  switch (column) {
    case SLOT:
      return MICRO_UNITS;
    case 0:
      return toMicro(demand.requests);
    case 1:
      return toMicro(demand.tokens);
    case 2:
      return toMicro(demand.inputTokens);
    case 3:
      return toMicro(demand.outputTokens);
    default:
      return toMicro(amountOf(demand, meter.label.dimension));
  }
}

function unitsAt(units: Demand["units"], { label }: Meter): number {
  return units[label.dimension.slice("units:".length)] ?? 0;
}

interface FloorShares {
  readonly margin: number;
  readonly holdback: number;
}

export class Path {
  readonly id: number;
  readonly meters: readonly Meter[];
  /** Place of each meter in the scheduler's table, for tags and queued amounts. */
  readonly indexes: readonly number[];
  readonly columns: readonly number[];
  /** Meters that count the same of a demand are one group: a demand has one amount for each. */
  readonly groups: readonly number[];
  /** A meter of each group. */
  readonly groupMeters: readonly number[];
  /** Places of the meters that other paths have too; grows as paths are made. */
  sharedPlaces: readonly number[] = [];
  /** What the first band and the others must leave untouched in each meter. */
  readonly floorsFirst: Float64Array;
  readonly floorsOther: Float64Array;
  /** Moving average of how long a call holds its slot, microseconds. */
  serviceMicros = FIRST_SERVICE_MICROS;
  /** Moving averages of the costs charged at grants and of the real ones, per meter. */
  readonly #charged: Float64Array;
  readonly #real: Float64Array;
  readonly #shares: FloorShares;
  readonly #nanosPerUnit: Float64Array;
  readonly #slots: readonly number[];
  /** By the other path's id. */
  readonly #placesSharedWith: (readonly number[])[] = [];

  constructor(
    id: number,
    meters: readonly Meter[],
    indexes: readonly number[],
    shares: FloorShares,
  ) {
    this.id = id;
    this.meters = meters;
    this.indexes = indexes;
    this.columns = meters.map(columnOf);
    const { groups, groupMeters } = grouped(this.columns);
    this.groups = groups;
    this.groupMeters = groupMeters;
    this.#shares = shares;
    this.#charged = new Float64Array(meters.length);
    this.#real = new Float64Array(meters.length);
    this.floorsFirst = new Float64Array(meters.length);
    this.floorsOther = new Float64Array(meters.length);
    this.#nanosPerUnit = new Float64Array(meters.length);
    this.#slots = this.columns.flatMap((column, i) => (column === SLOT ? [i] : []));
    this.refresh();
  }

  /** Works out again what follows from limits, margins and others' traffic, after it has changed. */
  refresh(): void {
    const { margin, holdback } = this.#shares;
    this.meters.forEach((meter, i) => {
      const isSlots = this.columns[i] === SLOT;
      const share = meter.margin ?? margin;
      this.floorsFirst[i] = isSlots ? 0 : Math.ceil(meter.capacity * share);
      this.floorsOther[i] = this.floorsFirst[i] + holdbackOf(meter, holdback);
      // What others on the account take is not ours to share.
      if (!isSlots) this.#nanosPerUnit[i] = 1_000 / meter.supply;
    });
    this.#priceSlots();
  }

  /** Cost of `amount` at the i-th meter in pool-nanoseconds: how long the pool needs to supply it. */
  cost(i: number, amount: number): number {
    return amount * this.#nanosPerUnit[i];
  }

  /** Of its meters, the places of those that the other path has too. */
  placesSharedWith(other: Path): readonly number[] {
    this.#placesSharedWith[other.id] ??= this.indexes.flatMap((index, i) =>
      other.indexes.includes(index) ? [i] : [],
    );
    return this.#placesSharedWith[other.id];
  }

  /** What a demand can cost at most at the meter where these costs are largest. */
  longestCost(costs: Float64Array): number {
    let place = 0;
    for (let i = 1; i < this.meters.length; i++) if (costs[i] > costs[place]) place = i;
    return this.cost(place, this.meters[place].capacity);
  }

  /** Supply of the i-th meter in micro-units per microsecond. */
  supply(i: number): number {
    const meter = this.meters[i];
    return this.columns[i] === SLOT ? meter.capacity / this.serviceMicros : meter.supply;
  }

  /** The part of a reservation at the i-th meter that is not given back, on average; 1: unknown. */
  keptShare(i: number): number {
    if (this.columns[i] === SLOT || this.#charged[i] === 0) return 1;
    return this.#real[i] / this.#charged[i];
  }

  recordUse(charged: Float64Array, real: Float64Array): void {
    for (let i = 0; i < this.meters.length; i++) {
      this.#charged[i] += KEPT_GAIN * (charged[i] - this.#charged[i]);
      const use = Math.min(real[i], MOST_KEPT * charged[i]);
      this.#real[i] += KEPT_GAIN * (use - this.#real[i]);
    }
  }

  recordService(micros: number): void {
    this.serviceMicros += SERVICE_GAIN * (Math.max(1, micros) - this.serviceMicros);
    this.#priceSlots();
  }

  #priceSlots(): void {
    for (const i of this.#slots) {
      this.#nanosPerUnit[i] = (this.serviceMicros * 1_000) / this.meters[i].capacity;
    }
  }
}

/** A platform's own units are each a group of their own. */
function grouped(columns: readonly number[]) {
  const groups: number[] = [];
  const groupMeters: number[] = [];
  columns.forEach((column, i) => {
    const known = groupMeters.findIndex((meter) => column !== UNITS && columns[meter] === column);
    groups.push(known >= 0 ? known : groupMeters.push(i) - 1);
  });
  return { groups, groupMeters };
}

function holdbackOf(meter: Meter, holdback: number): number {
  return meter instanceof Bucket ? Math.ceil(meter.capacity * holdback) : 0;
}
