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

/** Pool-nanoseconds per meter of the path, the largest of them, and that of the shared meters. */
interface Price {
  readonly costs: Float64Array;
  readonly dominantCost: number;
  readonly sharedCost: number;
}

interface CreditedHead {
  readonly row: number;
  /** Pool-nanoseconds that may pass it. */
  bound: number;
}

interface BandHead extends CreditedHead {
  readonly band: number;
  readonly lane: Flow["lane"];
  /** Tags at which its request will end; the least of all that wait for the meter in its lane, in its band. */
  finish: number;
  turnFinish: number;
}

/** Which guarantee has the credit for a head, and how much may pass it, pool-nanoseconds. */
export interface Payer {
  readonly guarantee: number;
  readonly bound: number;
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
  /** By guarantee. */
  readonly #credited: readonly HeadByMeter<CreditedHead>[];
  /** Pump in which the meter was found to hold nothing that anybody could use. */
  readonly #drained: number[] = [];
  #pump = 0;
  /** Nobody stands in the way yet, as in most pumps: nothing has to be looked up. */
  #isClear = true;

  /** Of one grant: the heads it passes, and at what cost. */
  readonly #passed: number[] = [];
  readonly #passedCosts: number[] = [];

  constructor(tickets: Tickets, guarantees: number) {
    this.#tickets = tickets;
    this.#credited = Array.from({ length: guarantees }, () => new HeadByMeter<CreditedHead>());
  }

  begin(pump: number): void {
    this.#pump = pump;
    this.#isClear = true;
  }

  /** A flow's head waits for the i-th meter of its path; the first one keeps it. */
  block(flow: Flow, row: number, i: number, price: Price, payer: Payer | null): void {
    this.#isClear = false;
    if (payer === null) {
      this.#blockInBand(flow, row, i, price);
      return;
    }
    const heads = this.#credited[payer.guarantee];
    const meter = flow.lane.path.indexes[i];
    if (heads.at(meter, this.#pump) !== undefined) return;
    heads.put(meter, { row, bound: payer.bound }, this.#pump);
  }

  #blockInBand(flow: Flow, row: number, i: number, price: Price): void {
    const { account, band, lane } = flow;
    const meter = lane.path.indexes[i];
    const finish = startOf(flow) + price.dominantCost / account.weight;
    const turnFinish = turnOf(flow) + price.sharedCost / account.weight;
    const known = this.#inBand.at(meter, this.#pump);
    if (known) {
      if (known.band !== band.index) return;
      known.turnFinish = Math.min(known.turnFinish, turnFinish);
      if (known.lane === lane) known.finish = Math.min(known.finish, finish);
      return;
    }
    const bound = fairBound(flow, price.dominantCost);
    const head = { row, band: band.index, lane, bound, finish, turnFinish };
    this.#inBand.put(meter, head, this.#pump);
  }

  /** The flow's head yields to heads with credit; those behind it must not profit. */
  yield(flow: Flow, row: number, price: Price, payer: Payer | null): void {
    const { indexes } = flow.lane.path;
    for (let i = 0; i < indexes.length; i++) {
      const isHeld = (heads: HeadByMeter<CreditedHead>) => heads.at(indexes[i], this.#pump);
      if (price.costs[i] === 0 || !this.#credited.some(isHeld)) continue;
      this.block(flow, row, i, price, payer);
    }
  }

  /** May a flow's head pass those that wait? */
  passage(flow: Flow, row: number, { costs }: Price): Passage {
    if (this.#isClear) return "open";
    const { band, lane } = flow;
    const { bypassed } = this.#tickets;
    let passage: Passage = "open";
    for (let i = 0; i < lane.path.indexes.length; i++) {
      if (costs[i] === 0) continue;
      const meter = lane.path.indexes[i];
      const head = this.#inBand.at(meter, this.#pump);
      if (head !== undefined) {
        if (head.band !== band.index) return "closed";
        const isSpent = bypassed.at(head.row) + costs[i] > head.bound;
        if (isSpent) head.bound = 0; // what is left is not for smaller ones whose turn comes later
        if (isSpent || hasHadMore(flow, head)) passage = "spent";
      }
      for (const heads of this.#credited) {
        const credited = heads.at(meter, this.#pump);
        if (credited === undefined || credited.row === row || passage === "spent") continue;
        if (bypassed.at(credited.row) + costs[i] > credited.bound) passage = "yields";
      }
    }
    return passage;
  }

  /** Does a demand with this price touch a meter that a head with this guarantee's credit waits for? */
  meetsCredited(guarantee: number, path: Path, { costs }: Price): boolean {
    const heads = this.#credited[guarantee];
    return path.indexes.some(
      (meter, i) => costs[i] > 0 && heads.at(meter, this.#pump) !== undefined,
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

  /**
   * A demand with this price has passed the heads it met, each by the largest cost at the meters it
   * waits for; was one of its own band among them?
   */
  recordPassing(path: Path, { costs }: Price): boolean {
    if (this.#isClear) return false;
    let isPassing = false;
    for (let i = 0; i < path.indexes.length; i++) {
      if (costs[i] === 0) continue;
      const meter = path.indexes[i];
      const head = this.#inBand.at(meter, this.#pump);
      if (head !== undefined) isPassing = true;
      this.#pass(head, costs[i]);
      for (const heads of this.#credited) this.#pass(heads.at(meter, this.#pump), costs[i]);
    }
    this.#countPassed();
    return isPassing;
  }

  /** The first meter that a head of the band, or of a higher one, waited for in the last pump. */
  headMeterOf(band: number, meters: readonly Meter[]): Meter | null {
    for (let index = 0; index < meters.length; index++) {
      const head = this.#inBand.at(index, this.#pump);
      const isCredited = this.#credited.some((heads) => heads.at(index, this.#pump) !== undefined);
      if (isCredited || (head !== undefined && head.band <= band)) return meters[index];
    }
    return null;
  }

  #pass(head: CreditedHead | undefined, cost: number): void {
    if (head === undefined) return;
    const known = this.#passed.indexOf(head.row);
    const place = known >= 0 ? known : this.#passed.push(head.row) - 1;
    this.#passedCosts[place] = Math.max(known >= 0 ? this.#passedCosts[known] : 0, cost);
  }

  #countPassed(): void {
    const { bypassed } = this.#tickets;
    this.#passed.forEach((row, place) => {
      bypassed.set(row, bypassed.at(row) + this.#passedCosts[place]);
    });
    this.#passed.length = 0;
  }
}

/** Has the flow's tenant had as much as the head's will have had after it? */
function hasHadMore(flow: Flow, { lane, finish, turnFinish }: BandHead): boolean {
  return flow.lane === lane ? startOf(flow) >= finish : turnOf(flow) >= turnFinish;
}

function startOf({ tag, lane }: Flow): number {
  return Math.max(tag, lane.clock);
}

function turnOf({ account, band }: Flow): number {
  return Math.max(account.turn, band.clock);
}

/** In the time the head's cost is worth to its tenant, the others' weights earn this much. */
function fairBound(flow: Flow, cost: number): number {
  const { weight } = flow.account;
  return (cost * Math.max(0, flow.band.peakWeight - weight)) / weight;
}
