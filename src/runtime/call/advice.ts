/** Advice: what an agent could do about pressure, so that it asks for less before anybody has to wait. */
import type { LatencyClass } from "../../core/task.ts";

export type Advice = "reduce-tool-calls" | "simplify-plan" | "defer-batch";

export interface PressureLevels {
  readonly warn: number;
  readonly act: number;
}

const NONE: readonly Advice[] = [];
const BATCH: readonly Advice[] = ["defer-batch"];
const AT_WARN: readonly Advice[] = ["reduce-tool-calls"];
const AT_ACT: readonly Advice[] = ["reduce-tool-calls", "simplify-plan"];

/**
 * Batch work is told to come later, whatever it consists of: it comes last anyway.
 *
 * @param pressure 0 to 1
 */
export function adviceAt(
  pressure: number,
  { warn, act }: PressureLevels,
  latency: LatencyClass,
): readonly Advice[] {
  if (pressure < warn) return NONE;
  if (latency === "batch") return BATCH;
  return pressure < act ? AT_WARN : AT_ACT;
}
