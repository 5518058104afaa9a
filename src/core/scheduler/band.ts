/** Band: one strict priority class; inside it lanes, one a path, where flows take turns. */
import { type Keyed, KeyedHeap } from "../queue/keyed-heap.ts";
import { Arrivals } from "./arrivals.ts";
import type { Clock, FairAccount } from "./fair-account.ts";
import type { BandOptions } from "./options.ts";
import type { Path } from "./path.ts";
import { Sums } from "./sums.ts";

/** What competes in a lane: a tenant's flow. */
export interface Competitor extends Keyed {
  readonly account: FairAccount;
  /** Its turn in its lane; its account's is its lane's turn in the band while it is first there. */
  tag: number;
}

/** The flows of one band on one path. */
export class Lane<F extends Competitor> implements Clock {
  readonly band: Band<F>;
  readonly path: Path;
  readonly flows = new KeyedHeap<F>();
  clock = 0;
  front = 0;
  /** Number of the pump in which nothing more can leave by this lane. */
  closedIn = 0;
  /** Number of the pump in which its band's guarantee can do nothing more for it. */
  passedOverIn = 0;
  /** Waiting tickets that leave some meter of the path untouched, so may pass where others cannot. */
  sparse = 0;
  #probes = 0;
  #probedIn = 0;

  constructor(band: Band<F>, path: Path) {
    this.band = band;
    this.path = path;
  }

  /** Counts a blocked head; how many has it been in this pump? */
  countProbe(pump: number): number {
    if (this.#probedIn !== pump) this.#probes = 0;
    this.#probedIn = pump;
    return ++this.#probes;
  }
}

export class Band<F extends Competitor> implements Clock {
  readonly index: number;
  readonly tier: string;
  readonly latency: string;
  readonly lanes: Lane<F>[] = [];
  /** Queued demand per meter, in micro-units. */
  readonly queued = new Sums();
  /** Demand that arrives per meter. */
  readonly arrivals: Arrivals;
  waiting = 0;
  clock = 0;
  front = 0;
  /** Accounts that compete, and the sum of their weights. */
  competing = 0;
  activeWeight = 0;
  /** The same at other instances that share the account. */
  weightElsewhere = 0;
  /** The most it has been since the last grant in turn, so while the same head has been waiting. */
  peakWeight = 0;

  constructor(index: number, options: BandOptions, now: number) {
    this.index = index;
    this.tier = options.tier;
    this.latency = options.latency;
    this.arrivals = new Arrivals(now);
  }

  laneFor(path: Path): Lane<F> {
    const known = this.lanes.find((lane) => lane.path === path);
    if (known) return known;
    const lane = new Lane<F>(this, path);
    this.lanes.push(lane);
    return lane;
  }

  /** The lane whose turn it is, of those not marked with this pump. */
  bestLane(pump: number, mark: "closedIn" | "passedOverIn"): Lane<F> | null {
    let best: Lane<F> | null = null;
    let bestFlow: F | null = null;
    for (const lane of this.lanes) {
      const flow = lane.flows.top;
      if (flow === undefined || lane[mark] === pump) continue;
      if (bestFlow === null || isBefore(flow, bestFlow)) {
        best = lane;
        bestFlow = flow;
      }
    }
    return best;
  }

  compete(flow: F, lane: Lane<F>): void {
    const { account } = flow;
    if (account.competing === 0) account.turn = Math.max(account.turn, this.front);
    flow.tag = Math.max(flow.tag, lane.front);
    lane.flows.add(flow, flow.tag);
    if (account.competing++ > 0) return;
    this.competing++;
    this.activeWeight += account.weight;
    this.peakWeight = Math.max(this.peakWeight, this.activeWeight);
  }

  withdraw(flow: F, lane: Lane<F>): void {
    const { account } = flow;
    lane.flows.remove(flow);
    if (--account.competing > 0) return;
    this.competing--;
    // From nothing again when nobody competes, so that no rounding is left behind.
    this.activeWeight = this.competing > 0 ? this.activeWeight - account.weight : 0;
  }

  /** A tenant's weight changes while it may compete. */
  reweigh(account: FairAccount, weight: number): void {
    if (account.competing > 0) this.activeWeight += weight - account.weight;
  }
}

function isBefore(a: Competitor, b: Competitor): boolean {
  const byTurn = a.account.turn - b.account.turn;
  return byTurn === 0 ? a.id < b.id : byTurn < 0;
}
