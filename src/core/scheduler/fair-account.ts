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

/** Virtual time of a band: per meter, the start tag of the last grant. */
export type VirtualTime = number[];

export class FairAccount {
  weight: number;
  /** Flows of the account that compete; its weight counts once, on however many paths it waits. */
  competing = 0;
  /** Demand that waits, in micro-units: per meter of the scheduler, and per meter of the tenant. */
  readonly queued: number[] = [];
  readonly queuedAtOwn: number[] = [];
  readonly #finish: number[] = [];

  constructor(weight: number) {
    this.weight = weight;
  }

  /** How far the tenant is ahead of virtual time at these meters, where it is furthest. */
  lead(indexes: readonly number[], virtual: VirtualTime): number {
    let lead = 0;
    for (const index of indexes) {
      lead = Math.max(lead, (this.#finish[index] ?? 0) - (virtual[index] ?? 0));
    }
    return lead;
  }

  /**
   * Charges a grant and moves the band's virtual time to its start; but not a grant out of turn:
   * virtual time beyond a head that waits would take from its tenant what it has not had.
   */
  charge(path: Path, i: number, cost: number, virtual: VirtualTime, isPassing: boolean): void {
    if (cost === 0) return; // who takes nothing neither pays nor moves the others' time
    const index = path.indexes[i];
    const start = this.startAt(index, virtual);
    if (!isPassing) virtual[index] = start;
    this.#finish[index] = start + Math.round(cost / this.weight);
  }

  /**
   * Corrects by a cost known only at completion. The lead over virtual time stays bounded, so that
   * one grave misestimate cannot lock a tenant out (Kubernetes APF issue 95979 shows the reverse).
   */
  correct(path: Path, i: number, cost: number, virtual: VirtualTime): void {
    const index = path.indexes[i];
    const corrected = (this.#finish[index] ?? 0) + Math.round(cost / this.weight);
    const longestLead = (2 * path.cost(i, path.meters[i].capacity)) / this.weight;
    this.#finish[index] = Math.min(corrected, Math.round((virtual[index] ?? 0) + longestLead));
  }

  /** The tag at one meter. */
  startAt(index: number, virtual: VirtualTime): number {
    return Math.max(virtual[index] ?? 0, this.#finish[index] ?? 0);
  }
}
