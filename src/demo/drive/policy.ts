/** Policy: a way to get tasks served by the provider; the demo runs the same load by each. */

import type { TaskResult, Witness } from "../../figures/task-result.ts";
import type { MockStats } from "../../mock/index.ts";
import type { Load, LoadTask } from "../../workload/load.ts";

export interface Policy {
  readonly name: PolicyName;
  /** Starts a provider for itself, and all that stands in front of it. */
  open(load: Load, seed: number): Promise<OpenPolicy>;
}

export interface OpenPolicy {
  /** Never rejects: errors are a failed task. `arrivedAt` is on the clock of `performance.now()`. */
  run(task: LoadTask, arrivedAt: number, witness: Witness): Promise<TaskResult>;
  providerStats(): Promise<MockStats>;
  /** Grants while someone of a higher class would have fitted. */
  inversions(results: readonly TaskResult[]): Promise<number>;
  close(): Promise<void>;
}

export const POLICY_NAMES = ["sluice", "jitter-backoff"] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];
