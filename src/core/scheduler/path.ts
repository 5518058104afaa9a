/** Path: the shared meters that one kind of request must fit in, with what admission needs to know of each. */
import type { Demand } from "../demand.ts";
import { Bucket } from "../meter/bucket.ts";
import { type Meter, MICRO_UNITS } from "../meter/meter.ts";
import { COLUMN_COUNT, COLUMNS, type Tickets, toMicro } from "../queue/tickets.ts";

/** Column of the demand that a meter counts; SLOT: one slot a request; UNITS: a platform's own. */
export const SLOT = -1;
const UNITS = -2;

/** Until calls have been seen, one is expected to take this long: microseconds. */
const FIRST_SERVICE_MICROS = 1_000_000;
/** Weight of the newest call in the moving average of service times. */
const SERVICE_GAIN = 0.1;

export function columnOf(meter: Meter): number {
  const { dimension } = meter.label;
  if (dimension === "concurrency") return SLOT;
  const column = COLUMNS.indexOf(dimension as (typeof COLUMNS)[number]);
  return column < 0 ? UNITS : column;
}

/** The amount a ticket takes from a meter with this column, in micro-units. */
export function amountAt(tickets: Tickets, row: number, column: number, meter: Meter): number {
  if (column >= 0) return tickets.amounts[row * COLUMN_COUNT + column];
  return column === SLOT ? MICRO_UNITS : toMicro(unitsAt(tickets.units[row], meter));
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
  /** Those of the indexes that other paths have too; grows as paths are made. */
  sharedIndexes: readonly number[] = [];
  /** What the first band and the others must leave untouched in each meter. */
  readonly floorsFirst: number[];
  readonly floorsOther: number[];
  readonly #shares: FloorShares;
  /** Moving average of how long a call holds its slot, microseconds. */
  serviceMicros = FIRST_SERVICE_MICROS;

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
    this.#shares = shares;
    this.floorsFirst = meters.map(() => 0);
    this.floorsOther = meters.map(() => 0);
    this.refresh();
  }

  /** Works the floors out again, after a limit or a margin has changed. */
  refresh(): void {
    const { margin, holdback } = this.#shares;
    this.meters.forEach((meter, i) => {
      this.floorsFirst[i] = marginOf(meter, this.columns[i], meter.margin ?? margin);
      this.floorsOther[i] = this.floorsFirst[i] + holdbackOf(meter, holdback);
    });
  }

  /** Cost of `amount` at the i-th meter in pool-nanoseconds: how long the pool needs to supply it. */
  cost(i: number, amount: number): number {
    const meter = this.meters[i];
    if (this.columns[i] !== SLOT) return (amount / meter.rate) * 1_000;
    return (this.serviceMicros * 1_000 * amount) / meter.capacity;
  }

  /** Supply of the i-th meter in micro-units per microsecond. */
  supply(i: number): number {
    const meter = this.meters[i];
    return this.columns[i] === SLOT ? meter.capacity / this.serviceMicros : meter.rate;
  }

  recordService(micros: number): void {
    this.serviceMicros += SERVICE_GAIN * (Math.max(1, micros) - this.serviceMicros);
  }
}

function marginOf(meter: Meter, column: number, margin: number): number {
  return column === SLOT ? 0 : Math.ceil(meter.capacity * margin);
}

function holdbackOf(meter: Meter, holdback: number): number {
  return meter instanceof Bucket ? Math.ceil(meter.capacity * holdback) : 0;
}
