/**
 * Tickets: one slab of numbers that holds every waiting and every granted request.
 *
 * A ticket is a row number; a handle is row and generation in one number, so that a late cancel or
 * settlement of a row that has been reused is recognised and ignored. About 130 bytes a ticket.
 */
import { type Demand, NO_DEMAND } from "../demand.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { Slab } from "./slab.ts";

/** Columns of demand. Units are kept as they came; every request takes one slot. */
export const COLUMNS = ["requests", "tokens", "input_tokens", "output_tokens", "usd"] as const;
const COLUMN_COUNT = COLUMNS.length;

export const TicketState = { free: 0, later: 1, waiting: 2, granted: 3 } as const;

/** Row and generation in one number below 2^53. */
export type Handle = number;

const ROWS_PER_GENERATION = 2 ** 24;
const GENERATIONS = 2 ** 28;
const FIRST_ROWS = 256;

/** Places in the two slabs; demand comes after the times. */
const TIMES = 5;
const LINKS = 8;

export class Tickets {
  readonly #times = new Slab(
    new Float64Array(FIRST_ROWS * (TIMES + COLUMN_COUNT)),
    TIMES + COLUMN_COUNT,
  );
  readonly #links = new Slab(new Int32Array(FIRST_ROWS * LINKS), LINKS);
  /** Order inside a tenant: chain step before others, then deadline, then arrival; smaller first. */
  readonly urgency = this.#times.column(0);
  readonly sequence = this.#times.column(1);
  /** When the wait ends in a refusal, microseconds. */
  readonly expiresAt = this.#times.column(2);
  /** When it was queued; once granted, when it was granted. */
  readonly since = this.#times.column(3);
  /** Cost that has passed this ticket while it was the blocked head, in pool-nanoseconds. */
  readonly bypassed = this.#times.column(4);
  /** The same place, once granted: how long it was expected to hold a slot, microseconds. */
  readonly predicted = this.bypassed;
  readonly flow = this.#links.column(0);
  readonly state = this.#links.column(1);
  readonly heapIndex = this.#links.column(2);
  readonly wheelNext = this.#links.column(3);
  readonly wheelPrevious = this.#links.column(4);
  /** Neighbours in a list of tickets: of a tenant's line, or of the free rows. */
  readonly next = this.#links.column(5);
  readonly previous = this.#links.column(6);
  readonly #generation = this.#links.column(7);
  /** Demand in a platform's own units, whole units by name; settled as they were reserved. */
  readonly units: Demand["units"][] = [];
  readonly references: unknown[] = [];
  #firstFree = -1;
  #rows = 0;
  #inUse = 0;

  get inUse(): number {
    return this.#inUse;
  }

  /** Rows that were ever in use; some may be free. */
  get rows(): number {
    return this.#rows;
  }

  /** Takes a free row for `demand`. */
  allocate(demand: Demand, reference: unknown): number {
    const row = this.#takeRow();
    this.#inUse++;
    this.references[row] = reference;
    this.bypassed.set(row, 0);
    this.wheelNext.set(row, -1);
    this.wheelPrevious.set(row, -1);
    this.heapIndex.set(row, -1);
    this.#setAmounts(row, demand);
    return row;
  }

  free(row: number): void {
    this.state.set(row, TicketState.free);
    this.references[row] = undefined;
    this.units[row] = NO_DEMAND.units;
    this.#generation.set(row, (this.#generation.at(row) + 1) % GENERATIONS);
    this.next.set(row, this.#firstFree);
    this.#firstFree = row;
    this.#inUse--;
  }

  handleOf(row: number): Handle {
    return this.#generation.at(row) * ROWS_PER_GENERATION + row;
  }

  /** The row of a handle, or -1 if that ticket has ended. */
  rowOf(handle: Handle): number {
    const row = handle % ROWS_PER_GENERATION;
    const generation = (handle - row) / ROWS_PER_GENERATION;
    const isLive = row >= 0 && row < this.#rows && this.#generation.at(row) === generation;
    return isLive && this.state.at(row) !== TicketState.free ? row : -1;
  }

  /** Demand in micro-units in one of the {@link COLUMNS}; once granted, the reservation. */
  amount(row: number, column: number): number {
    return this.#times.cells[row * (TIMES + COLUMN_COUNT) + TIMES + column];
  }

  /** Is `a` to be served before `b`? */
  isBefore(a: number, b: number): boolean {
    const byUrgency = this.urgency.at(a) - this.urgency.at(b);
    return byUrgency === 0 ? this.sequence.at(a) < this.sequence.at(b) : byUrgency < 0;
  }

  #setAmounts(row: number, demand: Demand): void {
    const { cells } = this.#times;
    const first = row * (TIMES + COLUMN_COUNT) + TIMES;
    cells[first] = toMicro(demand.requests);
    cells[first + 1] = toMicro(demand.tokens);
    cells[first + 2] = toMicro(demand.inputTokens);
    cells[first + 3] = toMicro(demand.outputTokens);
    cells[first + 4] = toMicro(demand.usd);
    this.units[row] = demand.units;
  }

  #takeRow(): number {
    const row = this.#firstFree;
    if (row >= 0) {
      this.#firstFree = this.next.at(row);
      return row;
    }
    if (this.#rows === this.#links.rows) this.#grow();
    return this.#rows++;
  }

  #grow(): void {
    const rows = this.#links.rows * 2;
    if (rows > ROWS_PER_GENERATION) throw new RangeError(`at most ${ROWS_PER_GENERATION} tickets`);
    this.#times.resize(rows);
    this.#links.resize(rows);
  }
}

/** Whole micro-units, rounded up: a demand is never understated. */
export function toMicro(amount: number): number {
  return Math.ceil(amount * MICRO_UNITS);
}
