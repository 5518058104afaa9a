/** Standing: by what a task's place among the others is judged, whichever policy served it. */
import type { LoadTask, ProviderLimits } from "../workload/load.ts";
import { classOf } from "./inversions.ts";

export interface Standing {
  /** Its strict class: 0 is served first. */
  bandOf(task: LoadTask): number;
  /** Its tenant's weight inside the class. */
  weightOf(task: LoadTask): number;
  /** How long the budget needs to supply it, at each meter that counts it. */
  costsOf(task: LoadTask): readonly MeterCost[];
}

export interface MeterCost {
  /** Its place among all meters. */
  readonly meter: number;
  readonly seconds: number;
}

/** How long the budget needs to supply a task, at the meter it asks most of. */
export function poolSecondsOf(task: LoadTask, { costsOf }: Pick<Standing, "costsOf">): number {
  return costsOf(task).reduce((most, { seconds }) => Math.max(most, seconds), 0);
}

/** Classes by tier and urgency, weights by tier, an account's two limits per minute. */
export function standingByTier(
  tiers: readonly { readonly weight: number }[],
  { rpm, tpm }: ProviderLimits,
): Standing {
  return {
    bandOf: classOf,
    weightOf: ({ tier }) => tiers[tier].weight,
    costsOf: ({ cost }) => [
      { meter: 0, seconds: 60 / rpm },
      { meter: 1, seconds: (60 * cost) / tpm },
    ],
  };
}
