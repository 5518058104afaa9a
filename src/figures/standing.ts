/** Standing: by what a task's place among the others is judged, whichever policy served it. */
import type { LoadTask, ProviderLimits } from "../workload/load.ts";
import { classOf } from "./inversions.ts";

export interface Standing {
  /** Its strict class: 0 is served first. */
  bandOf(task: LoadTask): number;
  /** Its tenant's weight inside the class. */
  weightOf(task: LoadTask): number;
  /** How long the budget needs to supply it, at the meter it asks most of. */
  poolSecondsOf(task: LoadTask): number;
}

/** Classes by tier and urgency, weights by tier, an account's two limits per minute. */
export function standingByTier(
  tiers: readonly { readonly weight: number }[],
  { rpm, tpm }: ProviderLimits,
): Standing {
  return {
    bandOf: classOf,
    weightOf: ({ tier }) => tiers[tier].weight,
    poolSecondsOf: ({ cost }) => 60 * Math.max(cost / tpm, 1 / rpm),
  };
}
