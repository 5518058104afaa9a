/**
 * Fair account: one tenant's start-time fair queueing tags in one band, one tag a meter.
 *
 * Start-time fair queueing (Goyal 1996) over several resources as in DRFQ (Ghodsi 2012):
 * S_d = max(V_d, F_d), F_d = S_d + cost_d / weight, and the smallest max_d S_d goes first.
 * One tag a meter, because one maximum a request would overcharge tenants with mixed requests.
 * Tags are whole pool-nanoseconds and are never rescaled when a limit changes.
 */
import type { Path } from "./path.ts";

/** Virtual time of a band: per meter, the start tag of the last grant. */
export type VirtualTime = number[];

export class FairAccount {
  weight: number;
  readonly #finish: number[] = [];

  constructor(weight: number) {
    this.weight = weight;
  }

  /** The tag by which the tenant competes on a path. */
  startTag(path: Path, virtual: VirtualTime): number {
    let tag = 0;
    for (const index of path.indexes) {
      const start = this.#startOf(index, virtual);
      if (start > tag) tag = start;
    }
    return tag;
  }

  /** Charges a grant and moves the band's virtual time to its start. */
  charge(path: Path, i: number, cost: number, virtual: VirtualTime): void {
    const index = path.indexes[i];
    const start = this.#startOf(index, virtual);
    virtual[index] = start;
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

  #startOf(index: number, virtual: VirtualTime): number {
    return Math.max(virtual[index] ?? 0, this.#finish[index] ?? 0);
  }
}
