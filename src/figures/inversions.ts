/** Inversions: grants of a lower class while a task of a higher one waited that asked for no more. */

import type { LoadTask } from "../workload/load.ts";
import type { TaskResult } from "./task-result.ts";

/**
 * From results alone, where no scheduler can be watched. Whoever asks for no more than what was just
 * granted would have fitted, so this counts too few rather than too many.
 */
export function inversionsAmong(results: readonly TaskResult[]): number {
  const grants = results.filter(({ wasGranted }) => wasGranted);
  return grants.filter((grant) => {
    const grantedAt = grant.task.atMs + grant.waitMs;
    return results.some(
      (other) =>
        classOf(other.task) < classOf(grant.task) &&
        other.task.cost <= grant.task.cost &&
        other.task.atMs <= grantedAt &&
        grantedAt < other.task.atMs + other.waitMs,
    );
  }).length;
}

/** Strict order as the demo's policy has it: batch of any tier last, then tiers, then urgency. */
export function classOf({ tier, latency }: LoadTask): number {
  const urgency = latency === "real-time" ? 0 : 1;
  return (latency === "batch" ? 1_000 : 0) + 2 * tier + urgency;
}
