/** Result: how one task of the load ended. */
import type { LoadTask } from "../workload/load.ts";

export type Outcome =
  | { readonly kind: "ok" }
  /** `isAtOnce`: told so on arrival, without any wait. */
  | { readonly kind: "refused"; readonly code: string; readonly isAtOnce: boolean }
  | { readonly kind: "failed"; readonly why: string };

export interface TaskResult {
  readonly task: LoadTask;
  readonly outcome: Outcome;
  /** From arrival to the sending of the attempt that was served, or to giving up. */
  readonly waitMs: number;
  /** From arrival to the head of its answer, by this process's clock; null: none came. */
  readonly answeredMs: number | null;
  /** Its share of the budget was taken: it was served, whether or not its answer ended well. */
  readonly wasGranted: boolean;
}

/** Hears of a task while it is under way. */
export interface Witness {
  /** It waits no longer. */
  granted(task: LoadTask, waitMs: number): void;
}
