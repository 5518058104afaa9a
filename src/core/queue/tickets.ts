/**
 * Tickets: one slab of typed arrays that holds every waiting and every granted request.
 *
 * A ticket is a row number; a handle is row and generation in one number, so that a late cancel or
 * settlement of a row that has been reused is recognised and ignored. About 120 bytes a ticket.
 */
import { type Demand, NO_DEMAND } from "../demand.ts";
import { MICRO_UNITS } from "../meter/meter.ts";

/** Columns of demand. Units are kept as they came; every request takes one slot. */
export const COLUMNS = ["requests", "tokens", "input_tokens", "output_tokens", "usd"] as const;
export const COLUMN_COUNT = COLUMNS.length;

export const TicketState = { free: 0, later: 1, waiting: 2, granted: 3 } as const;

/** Row and generation in one number below 2^53. */
export type Handle = number;

const ROWS_PER_GENERATION = 2 ** 24;
const GENERATIONS = 2 ** 28;
const FIRST_ROWS = 256;

export class Tickets {
  /** Order inside a tenant: chain step before others, then deadline, then arrival; smaller first. */
  urgency = new Float64Array(FIRST_ROWS);
  sequence = new Float64Array(FIRST_ROWS);
  /** When the wait ends in a refusal, microseconds. */
  expiresAt = new Float64Array(FIRST_ROWS);
  /** When it was queued; once granted, when it was granted. */
  since = new Float64Array(FIRST_ROWS);
  /** Cost that has passed this ticket while it was the blocked head, in pool-nanoseconds. */
  bypassed = new Float64Array(FIRST_ROWS);
  /** Demand in micro-units, COLUMN_COUNT a row; once granted, the reservation. */
  amounts = new Float64Array(FIRST_ROWS * COLUMN_COUNT);
  flow = new Int32Array(FIRST_ROWS);
  heapIndex = new Int32Array(FIRST_ROWS);
  wheelNext = new Int32Array(FIRST_ROWS);
  wheelPrevious = new Int32Array(FIRST_ROWS);
  state = new Uint8Array(FIRST_ROWS);
  /** Demand in a platform's own units, whole units by name; settled as they were reserved. */
  readonly units: Demand["units"][] = [];
  readonly references: unknown[] = [];
  #generation = new Uint32Array(FIRST_ROWS);
  #nextFree = new Int32Array(FIRST_ROWS);
  #firstFree = -1;
  #rows = 0;
  #inUse = 0;

  get inUse(): number {
    return this.#inUse;
  }

  /** Takes a free row for `demand`. */
  allocate(demand: Demand, reference: unknown): number {
    const row = this.#takeRow();
    this.#inUse++;
    this.references[row] = reference;
    this.bypassed[row] = 0;
    this.wheelNext[row] = -1;
    this.wheelPrevious[row] = -1;
    this.heapIndex[row] = -1;
    this.setAmounts(row, demand);
    return row;
  }

  free(row: number): void {
    this.state[row] = TicketState.free;
    this.references[row] = undefined;
    this.units[row] = NO_DEMAND.units;
    this.#generation[row] = (this.#generation[row] + 1) % GENERATIONS;
    this.#nextFree[row] = this.#firstFree;
    this.#firstFree = row;
    this.#inUse--;
  }

  handleOf(row: number): Handle {
    return this.#generation[row] * ROWS_PER_GENERATION + row;
  }

  /** The row of a handle, or -1 if that ticket has ended. */
  rowOf(handle: Handle): number {
    const row = handle % ROWS_PER_GENERATION;
    const generation = (handle - row) / ROWS_PER_GENERATION;
    const isLive = row < this.#rows && this.#generation[row] === generation;
    return isLive && this.state[row] !== TicketState.free ? row : -1;
  }

  setAmounts(row: number, demand: Demand): void {
    const first = row * COLUMN_COUNT;
    this.amounts[first] = toMicro(demand.requests);
    this.amounts[first + 1] = toMicro(demand.tokens);
    this.amounts[first + 2] = toMicro(demand.inputTokens);
    this.amounts[first + 3] = toMicro(demand.outputTokens);
    this.amounts[first + 4] = toMicro(demand.usd);
    this.units[row] = demand.units;
  }

  /** Is `a` to be served before `b`? */
  isBefore(a: number, b: number): boolean {
    const byUrgency = this.urgency[a] - this.urgency[b];
    return byUrgency === 0 ? this.sequence[a] < this.sequence[b] : byUrgency < 0;
  }

  #takeRow(): number {
    const row = this.#firstFree;
    if (row >= 0) {
      this.#firstFree = this.#nextFree[row];
      return row;
    }
    if (this.#rows === this.state.length) this.#grow();
    return this.#rows++;
  }

  #grow(): void {
    const rows = this.state.length * 2;
    if (rows > ROWS_PER_GENERATION) throw new RangeError(`at most ${ROWS_PER_GENERATION} tickets`);
    this.urgency = grown(this.urgency, rows);
    this.sequence = grown(this.sequence, rows);
    this.expiresAt = grown(this.expiresAt, rows);
    this.since = grown(this.since, rows);
    this.bypassed = grown(this.bypassed, rows);
    this.amounts = grown(this.amounts, rows * COLUMN_COUNT);
    this.flow = grown(this.flow, rows);
    this.heapIndex = grown(this.heapIndex, rows);
    this.wheelNext = grown(this.wheelNext, rows);
    this.wheelPrevious = grown(this.wheelPrevious, rows);
    this.state = grown(this.state, rows);
    this.#generation = grown(this.#generation, rows);
    this.#nextFree = grown(this.#nextFree, rows);
  }
}

/** Whole micro-units, rounded up: a demand is never understated. */
export function toMicro(amount: number): number {
  return Math.ceil(amount * MICRO_UNITS);
}

type Column =
  | Float64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

function grown<T extends Column>(column: T, length: number): T {
  const larger = new (column.constructor as new (length: number) => T)(length);
  larger.set(column);
  return larger;
}
