/**
 * Fair account: one tenant's start-time fair queueing tags in one band, one tag a meter.
 *
 * Start-time fair queueing (Goyal 1996) over several resources as in DRFQ (Ghodsi 2012):
 * S_d = max(V_d, F_d), F_d = S_d + cost_d / weight, and who is least ahead of virtual time at the
 * meter where it is furthest goes first. One tag a meter, because one maximum a request would
 * overcharge tenants with mixed requests; compared by leads, because virtual times drift apart.
 * Tags are whole pool-nanoseconds and are never rescaled when a limit changes.
 */
import type { Path } from "./path.ts";
import { Sums } from "./sums.ts";

/** Virtual time of a band: per meter, the start tag of the last grant. */
export type VirtualTime = Sums;

/** The waiting work of one account on one path. */
export interface AccountFlow {
  readonly lane: { readonly path: Path };
  /** Micro-units per group of the path's meters. */
  readonly queuedByGroup: Float64Array;
}

export class FairAccount<F extends AccountFlow = AccountFlow> {
  weight: number;
  /** All flows that belong to it, one a path. */
  readonly flows: F[] = [];
  /** The one that was asked for last. */
  lastFlow: F | null = null;
  /** Flows of the account that compete; its weight counts once, on however many paths it waits. */
  competing = 0;
  /** Demand that waits, in micro-units, per meter of the tenant. */
  readonly queuedAtOwn: number[] = [];
  readonly #finish = new Sums();

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

  /** How far the tenant is ahead of virtual time at these meters, where it is furthest. */
  lead(indexes: readonly number[], virtual: VirtualTime): number {
    let lead = 0;
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i];
      const ahead = this.#finish.at(index) - virtual.at(index);
      if (ahead > lead) lead = ahead;
    }
    return lead;
  }

  /**
   * Charges a grant and moves the band's virtual time to its start; but not a grant out of turn:
   * virtual time beyond a head that waits would take from its tenant what it has not had.
   */
  charge(path: Path, costs: Float64Array, virtual: VirtualTime, isPassing: boolean): void {
    for (let i = 0; i < path.indexes.length; i++) {
      if (costs[i] === 0) continue; // who takes nothing neither pays nor moves the others' time
      const index = path.indexes[i];
      const start = this.startAt(index, virtual);
      if (!isPassing) virtual.set(index, start);
      this.#finish.set(index, start + Math.round(costs[i] / this.weight));
    }
  }

  /**
   * Corrects by a cost known only at completion. The lead over virtual time stays bounded, so that
   * one grave misestimate cannot lock a tenant out (Kubernetes APF issue 95979 shows the reverse).
   */
  correct(path: Path, i: number, cost: number, virtual: VirtualTime): void {
    const index = path.indexes[i];
    const corrected = this.#finish.at(index) + Math.round(cost / this.weight);
    const longestLead = (2 * path.cost(i, path.meters[i].capacity)) / this.weight;
    this.#finish.set(index, Math.min(corrected, Math.round(virtual.at(index) + longestLead)));
  }

  /** The tag at one meter. */
  startAt(index: number, virtual: VirtualTime): number {
    return Math.max(virtual.at(index), this.#finish.at(index));
  }
}
