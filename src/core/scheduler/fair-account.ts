/**
 * Fair account: what one tenant has had in one band, as start-time fair queueing tags (Goyal 1996).
 *
 * S = max(V, F), F = S + cost / weight, and the smallest S goes first. The cost is the request's
 * dominant one (DRFQ without memory, Ghodsi 2012): as long as the pool needs to supply it, at the
 * meter where that is longest. A tag in each lane, whose tenants meet at every meter, and one in the
 * band, at the meters that lanes share: a model short of supply must not set the pace of the
 * account. Tags are whole pool-nanoseconds and are never rescaled when a limit changes.
 */
import type { Path } from "./path.ts";

/** Virtual time, of a lane or a band. */
export interface Clock {
  /** Start tag of the last grant in turn. */
  clock: number;
  /**
   * The furthest start tag of all grants, those that passed a head included. Who begins to compete
   * starts there: from the clock it would have what the others have had while the head waited.
   */
  front: number;
}

/** The waiting work of one account on one path. */
export interface AccountFlow {
  readonly lane: Clock & { readonly path: Path };
  /** Its tag in the lane. */
  tag: number;
  /** Micro-units per group of the path's meters. */
  readonly queuedByGroup: Float64Array;
}

export class FairAccount<F extends AccountFlow = AccountFlow> {
  weight: number;
  /** All flows that belong to it, one a path. */
  readonly flows: F[] = [];
  /** Its tag in the band. */
  turn = 0;
  /** The one that was asked for last. */
  lastFlow: F | null = null;
  /** Flows of the account that compete; its weight counts once, on however many paths it waits. */
  competing = 0;
  /** Its requests that wait at other instances, and until when that is believed, microseconds. */
  waitingElsewhere = 0;
  elsewhereUntil = 0;
  /** Demand that waits, in micro-units, per meter of the tenant. */
  readonly queuedAtOwn: number[] = [];

  constructor(weight: number) {
    this.weight = weight;
  }

  /** Demand of the tenant that waits in the band, in micro-units, at a meter of the scheduler. */
  queuedAt(index: number): number {
    let sum = 0;
    for (const { lane, queuedByGroup } of this.flows) {
      const { indexes, groups } = lane.path;
      const i = indexes.indexOf(index);
      if (i >= 0) sum += queuedByGroup[groups[i]];
    }
    return sum;
  }

  /**
   * How far it is ahead of the others in a path's lane, pool-nanoseconds. Most of them are where
   * the front is; only heads that wait are where the clock stands.
   */
  leadOn(path: Path): number {
    const flow = this.flows.find(({ lane }) => lane.path === path);
    return flow === undefined ? 0 : Math.max(0, flow.tag - flow.lane.front);
  }

  /**
   * Charges a grant to the account and moves the clocks to its start; but not by a grant out of
   * turn: a clock beyond a head that waits would take from its tenant what it has not had.
   */
  charge(flow: F, costs: Float64Array, band: Clock, isPassing: boolean): void {
    const { lane } = flow;
    const { path } = lane;
    const worth = this.#worth(largest(costs, path.meters.length));
    const shared = this.#worth(largestAt(costs, path.sharedPlaces));
    const isSparse = leavesOneOut(costs, path.meters.length);
    flow.tag = moved(lane, flow.tag, worth, isPassing, isSparse);
    this.turn = moved(band, this.turn, shared, isPassing, isSparse);
    for (const sibling of this.flows) {
      if (sibling === flow) continue;
      const places = path.placesSharedWith(sibling.lane.path);
      const common = this.#worth(largestAt(costs, places));
      sibling.tag = Math.max(sibling.tag, sibling.lane.clock) + common;
    }
  }

  /**
   * Corrects a charge by costs known only at completion. The lead over the clock stays bounded, so
   * that one grave misestimate cannot lock a tenant out.
   */
  correct(flow: F, charged: Float64Array, real: Float64Array, band: Clock): void {
    const { path } = flow.lane;
    const count = path.meters.length;
    const longest = 2 * path.longestCost(real);
    const change = largest(real, count) - largest(charged, count);
    flow.tag = this.#corrected(flow.tag, flow.lane.clock, change, longest);
    const { sharedPlaces } = path;
    const shared = largestAt(real, sharedPlaces) - largestAt(charged, sharedPlaces);
    this.turn = this.#corrected(this.turn, band.clock, shared, longest);
    for (const sibling of this.flows) {
      if (sibling === flow) continue;
      const places = path.placesSharedWith(sibling.lane.path);
      const common = largestAt(real, places) - largestAt(charged, places);
      sibling.tag = this.#corrected(sibling.tag, sibling.lane.clock, common, longest);
    }
  }

  #corrected(tag: number, clock: number, change: number, longest: number): number {
    const corrected = tag + this.#worth(change);
    if (change <= 0) return corrected;
    return Math.min(corrected, Math.max(tag, clock + this.#worth(longest)));
  }

  #worth(cost: number): number {
    return Math.round(cost / this.weight);
  }
}

/**
 * The tag after a grant, and the clock with it. A grant that leaves a meter untouched does not pay
 * off what its tenant is ahead there: by it the clock moves no further than it is worth.
 */
function moved(
  time: Clock,
  tag: number,
  worth: number,
  isPassing: boolean,
  isSparse: boolean,
): number {
  const start = Math.max(tag, time.clock);
  const reached = isSparse ? Math.min(start, time.clock + worth) : start;
  if (!isPassing) time.clock = reached;
  if (reached > time.front) time.front = reached;
  return start + worth;
}

function leavesOneOut(costs: Float64Array, count: number): boolean {
  for (let i = 0; i < count; i++) if (costs[i] === 0) return true;
  return false;
}

function largest(costs: Float64Array, count: number): number {
  let most = 0;
  for (let i = 0; i < count; i++) if (costs[i] > most) most = costs[i];
  return most;
}

function largestAt(costs: Float64Array, places: readonly number[]): number {
  let most = 0;
  for (let i = 0; i < places.length; i++) if (costs[places[i]] > most) most = costs[places[i]];
  return most;
}
