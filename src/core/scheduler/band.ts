/** Band: one strict priority class; inside it lanes, one a path, where flows compete by start tag. */
import { type Keyed, KeyedHeap } from "../queue/keyed-heap.ts";
import { Arrivals } from "./arrivals.ts";
import type { FairAccount, VirtualTime } from "./fair-account.ts";
import type { BandOptions } from "./options.ts";
import type { Path } from "./path.ts";

/** What competes in a lane: a tenant's flow. */
export interface Competitor extends Keyed {
  readonly account: FairAccount;
}

/** The flows of one band on one path. */
export class Lane<F extends Competitor> {
  readonly band: Band<F>;
  readonly path: Path;
  readonly flows = new KeyedHeap<F>();
  /** Number of the pump in which nothing more can leave by this lane. */
  closedIn = 0;

  constructor(band: Band<F>, path: Path) {
    this.band = band;
    this.path = path;
  }
}

export class Band<F extends Competitor> {
  readonly index: number;
  readonly tier: string;
  readonly latency: string;
  readonly lanes: Lane<F>[] = [];
  readonly virtual: VirtualTime = [];
  /** Queued demand per meter, in micro-units. */
  readonly queued: number[] = [];
  /** Demand that arrives per meter. */
  readonly arrivals: Arrivals;
  waiting = 0;
  /** Sum of the weights of the flows that compete. */
  activeWeight = 0;

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

  /** The open lane whose first flow has the smallest tag. */
  bestLane(pump: number): Lane<F> | null {
    let best: Lane<F> | null = null;
    let bestFlow: F | null = null;
    for (const lane of this.lanes) {
      const flow = lane.flows.top;
      if (flow === undefined || lane.closedIn === pump) continue;
      if (bestFlow === null || flow.key < bestFlow.key) {
        best = lane;
        bestFlow = flow;
      }
    }
    return best;
  }

  compete(flow: F, lane: Lane<F>): void {
    lane.flows.add(flow, flow.account.startTag(lane.path, this.virtual));
    this.activeWeight += flow.account.weight;
  }

  withdraw(flow: F, lane: Lane<F>): void {
    lane.flows.remove(flow);
    this.activeWeight -= flow.account.weight;
  }
}
