/**
 * Blockages: which heads wait for which meters during one pump, and who may pass them.
 *
 * Inside the head's band others may pass until the cost that has passed it reaches its fair bound,
 * and none who has had more than the head will have had (bounded bypass: large requests neither
 * block small ones nor starve, however many of them wait). A lower band may pass only with demand
 * that does not touch the meter. A head with guarantee credit is passed by the bound of its share,
 * by every band; whoever has to yield to it is still a head to those behind.
 */
import type { Meter } from "../meter/meter.ts";
import type { Tickets } from "../queue/tickets.ts";
import type { Path } from "./path.ts";
import type { Flow } from "./tenant.ts";

/** Pool-nanoseconds per meter of the path, and the largest of them. */
interface Price {
  readonly costs: Float64Array;
  readonly dominantCost: number;
}

interface CreditedHead {
  readonly row: number;
  /** Pool-nanoseconds that may pass it. */
  readonly bound: number;
}

interface BandHead extends CreditedHead {
  readonly band: number;
  /** Tag at the meter at which its request will end; the least of all in the band that wait for it. */
  finish: number;
}

/** `yields`: stopped by nothing but a head with guarantee credit. */
export type Passage = "open" | "yields" | "spent" | "closed";

/** One head a meter, forgotten with the pump. */
class HeadByMeter<H> {
  readonly #heads: H[] = [];
  readonly #pumps: number[] = [];

  at(meter: number, pump: number): H | undefined {
    return this.#pumps[meter] === pump ? this.#heads[meter] : undefined;
  }

  put(meter: number, head: H, pump: number): void {
    this.#heads[meter] = head;
    this.#pumps[meter] = pump;
  }
}

export class Blockages {
  readonly #tickets: Tickets;
  readonly #inBand = new HeadByMeter<BandHead>();
  readonly #credited = new HeadByMeter<CreditedHead>();
  /** Pump in which the meter was found to hold nothing that anybody could use. */
  readonly #drained: number[] = [];
  #pump = 0;
  /** Nobody stands in the way yet, as in most pumps: nothing has to be looked up. */
  #isClear = true;

  constructor(tickets: Tickets) {
    this.#tickets = tickets;
  }

  begin(pump: number): void {
    this.#pump = pump;
    this.#isClear = true;
  }

  /** A head with guarantee credit waits for the meter; the first one keeps it. */
  blockCredited(meter: number, head: CreditedHead): void {
    this.#isClear = false;
    if (this.#credited.at(meter, this.#pump)) return;
    this.#credited.put(meter, head, this.#pump);
  }

  /** A flow's head waits for the i-th meter of its path; the first one keeps it. */
  block(flow: Flow, row: number, i: number, price: Price): void {
    this.#isClear = false;
    const { account, band, lane } = flow;
    const meter = lane.path.indexes[i];
    const finish = account.startAt(meter, band.virtual) + price.costs[i] / account.weight;
    const known = this.#inBand.at(meter, this.#pump);
    if (known) {
      if (known.band === band.index) known.finish = Math.min(known.finish, finish);
      return;
    }
    const bound = fairBound(flow, price.dominantCost);
    this.#inBand.put(meter, { row, band: band.index, bound, finish }, this.#pump);
  }

  /** The flow's head yields to heads with credit; those behind it must not profit. */
  yield(flow: Flow, row: number, price: Price): void {
    const { indexes } = flow.lane.path;
    for (let i = 0; i < indexes.length; i++) {
      const isHeld = price.costs[i] > 0 && this.#credited.at(indexes[i], this.#pump) !== undefined;
      if (isHeld) this.block(flow, row, i, price);
    }
  }

  /** May a flow's head pass those that wait? */
  passage(flow: Flow, row: number, { costs }: Price): Passage {
    if (this.#isClear) return "open";
    const { account, band, lane } = flow;
    const { bypassed } = this.#tickets;
    let passage: Passage = "open";
    for (let i = 0; i < lane.path.indexes.length; i++) {
      if (costs[i] === 0) continue;
      const meter = lane.path.indexes[i];
      const head = this.#inBand.at(meter, this.#pump);
      if (head !== undefined) {
        if (head.band !== band.index) return "closed";
        const isSpent = bypassed.at(head.row) + costs[i] > head.bound;
        if (isSpent || account.startAt(meter, band.virtual) >= head.finish) passage = "spent";
      }
      const credited = this.#credited.at(meter, this.#pump);
      if (credited === undefined || credited.row === row || passage === "spent") continue;
      if (bypassed.at(credited.row) + costs[i] > credited.bound) passage = "yields";
    }
    return passage;
  }

  /** Does a demand with this price touch a meter that a head with credit waits for? */
  meetsCredited(path: Path, { costs }: Price): boolean {
    return path.indexes.some(
      (meter, i) => costs[i] > 0 && this.#credited.at(meter, this.#pump) !== undefined,
    );
  }

  /** Nobody can pass at this meter: even the smallest demand finds nothing. */
  drain(meter: number): void {
    this.#isClear = false;
    this.#drained[meter] = this.#pump;
  }

  /** Is a meter of the path drained, or waited for by a head of a higher band? */
  isClosed(path: Path, band: number): boolean {
    if (this.#isClear) return false;
    for (const meter of path.indexes) {
      if (this.#drained[meter] === this.#pump) return true;
      const head = this.#inBand.at(meter, this.#pump);
      if (head !== undefined && head.band !== band) return true;
    }
    return false;
  }

  /** A demand with this price has passed the heads it met; was one of its own band among them? */
  recordPassing(path: Path, { costs }: Price): boolean {
    if (this.#isClear) return false;
    const isPassing = this.#recordAt(this.#inBand, path, costs);
    this.#recordAt(this.#credited, path, costs);
    return isPassing;
  }

  /** The first meter that a head of the band, or of a higher one, waited for in the last pump. */
  headMeterOf(band: number, meters: readonly Meter[]): Meter | null {
    for (let index = 0; index < meters.length; index++) {
      const head = this.#inBand.at(index, this.#pump);
      const isCredited = this.#credited.at(index, this.#pump) !== undefined;
      if (isCredited || (head !== undefined && head.band <= band)) return meters[index];
    }
    return null;
  }

  /** Adds to each head the largest cost at the meters it waits for. */
  #recordAt(heads: HeadByMeter<CreditedHead>, path: Path, costs: Float64Array): boolean {
    let passed = -1;
    let counted = 0;
    for (let i = 0; i < path.indexes.length; i++) {
      const row = heads.at(path.indexes[i], this.#pump)?.row;
      if (row === undefined || costs[i] === 0) continue;
      if (row !== passed) counted = 0;
      passed = row;
      if (costs[i] <= counted) continue;
      const { bypassed } = this.#tickets;
      bypassed.set(row, bypassed.at(row) + costs[i] - counted);
      counted = costs[i];
    }
    return passed >= 0;
  }
}

/** In the time the head's cost is worth to its tenant, the others' weights earn this much. */
function fairBound(flow: Flow, cost: number): number {
  const { weight } = flow.account;
  return (cost * Math.max(0, flow.band.activeWeight - weight)) / weight;
}
