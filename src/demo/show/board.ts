/** Board: where every tier stands while a policy runs; what the live picture is drawn from. */

import { budgetUsed } from "../../figures/figures.ts";
import { percentileOfSorted } from "../../figures/percentile.ts";
import type { TaskResult } from "../../figures/task-result.ts";
import type { MockStats } from "../../mock/index.ts";
import type { LoadTask } from "../../workload/load.ts";
import { TIERS } from "../../workload/tiers.ts";
import type { RunAudience } from "../run-policy.ts";

export interface TierState {
  readonly name: string;
  readonly waiting: number;
  readonly served: number;
  readonly refused: number;
  /** Of those served so far. */
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
}

interface TierCount {
  readonly name: string;
  waiting: number;
  served: number;
  refused: number;
  readonly waits: number[];
}

export class Board implements RunAudience {
  readonly #tiers: TierCount[] = TIERS.map(({ name }) => ({
    name,
    waiting: 0,
    served: 0,
    refused: 0,
    waits: [],
  }));
  readonly #served = new Set<LoadTask>();
  #startedAt: number | null = null;
  #first: MockStats | null = null;
  #last: MockStats | null = null;

  arrived({ tier, atMs }: LoadTask): void {
    this.#startedAt ??= performance.now() - atMs;
    this.#tiers[tier].waiting++;
  }

  granted(task: LoadTask, waitMs: number): void {
    const tier = this.#tiers[task.tier];
    this.#served.add(task);
    tier.waiting--;
    tier.served++;
    tier.waits.push(waitMs);
  }

  ended({ task }: TaskResult): void {
    if (this.#served.delete(task)) return;
    const tier = this.#tiers[task.tier];
    tier.waiting--;
    tier.refused++;
  }

  audited(books: MockStats): void {
    this.#first ??= books;
    this.#last = books;
  }

  tiers(): readonly TierState[] {
    return this.#tiers.map(({ waits, ...counts }) => {
      const sorted = waits.toSorted((a, b) => a - b);
      const waitP50Ms = percentileOfSorted(sorted, 0.5);
      return { ...counts, waitP50Ms, waitP99Ms: percentileOfSorted(sorted, 0.99) };
    });
  }

  /** Since arrivals began; 0 before. */
  get elapsedSeconds(): number {
    return this.#startedAt === null ? 0 : (performance.now() - this.#startedAt) / 1_000;
  }

  /** Since the first look at the provider's books; null before the second. */
  get budgetUsed(): number | null {
    if (this.#first === null || this.#last === null || this.#first === this.#last) return null;
    return budgetUsed(this.#first, this.#last);
  }

  get upstream429(): number {
    return this.#last?.refused429 ?? 0;
  }
}
