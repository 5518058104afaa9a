/**
 * Blockages: which heads wait for which meters during one pump, and who may pass them.
 *
 * Inside the head's band others may pass until the cost that has passed it reaches its fair bound
 * (bounded bypass: large requests neither block small ones nor starve). A lower band may pass only
 * with demand that does not touch the meter. A head with guarantee credit is passed by the bound
 * of its share, by every band.
 */
import type { Meter } from "../meter/meter.ts";
import type { Tickets } from "../queue/tickets.ts";
import type { Path } from "./path.ts";

export interface BlockedHead {
  readonly row: number;
  /** Band it belongs to; null: a guarantee's head, which any band may pass within the bound. */
  readonly band: number | null;
  /** Pool-nanoseconds that may pass it. */
  readonly bound: number;
}

export type Passage = "open" | "spent" | "closed";

export class Blockages {
  readonly #tickets: Tickets;
  readonly #heads: (BlockedHead | undefined)[] = [];
  readonly #stamps: number[] = [];
  /** Pump in which the meter was found to hold nothing that anybody could use. */
  readonly #drained: number[] = [];
  #pump = 0;

  constructor(tickets: Tickets) {
    this.#tickets = tickets;
  }

  begin(pump: number): void {
    this.#pump = pump;
  }

  /** `head` waits for the meter; the first head to wait for a meter keeps it. */
  block(meter: number, head: BlockedHead): void {
    if (this.#headAt(meter) !== undefined) return;
    this.#heads[meter] = head;
    this.#stamps[meter] = this.#pump;
  }

  /** May a demand with these costs (pool-nanoseconds per meter of the path) pass the heads that wait? */
  passage(path: Path, band: number, costs: Float64Array): Passage {
    let passage: Passage = "open";
    for (let i = 0; i < path.indexes.length; i++) {
      const head = this.#headAt(path.indexes[i]);
      if (head === undefined || costs[i] === 0) continue;
      if (head.band !== null && head.band !== band) return "closed";
      if (this.#tickets.bypassed[head.row] + costs[i] > head.bound) passage = "spent";
    }
    return passage;
  }

  /** Nobody can pass at this meter: even the smallest demand finds nothing. */
  drain(meter: number): void {
    this.#drained[meter] = this.#pump;
  }

  /** Is a meter of the path drained, or waited for by a head of a higher band? */
  isClosed(path: Path, band: number): boolean {
    for (const meter of path.indexes) {
      if (this.#drained[meter] === this.#pump) return true;
      const head = this.#headAt(meter);
      if (head !== undefined && head.band !== null && head.band !== band) return true;
    }
    return false;
  }

  /** A demand with these costs has passed the heads it met. */
  recordPassing(path: Path, costs: Float64Array): void {
    let last = -1;
    for (let i = 0; i < path.indexes.length; i++) {
      const head = this.#headAt(path.indexes[i]);
      if (head === undefined || head.row === last) continue;
      this.#tickets.bypassed[head.row] += costs[i];
      last = head.row;
    }
  }

  /** The first meter that a head of the band, or of a higher one, waited for in the last pump. */
  headMeterOf(band: number, meters: readonly Meter[]): Meter | null {
    for (let index = 0; index < meters.length; index++) {
      const head = this.#headAt(index);
      if (head !== undefined && (head.band === null || head.band <= band)) return meters[index];
    }
    return null;
  }

  #headAt(meter: number): BlockedHead | undefined {
    return this.#stamps[meter] === this.#pump ? this.#heads[meter] : undefined;
  }
}
