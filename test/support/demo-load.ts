/** Demo load: tasks and results for tests of the demo's figures, in whole seconds and a budget of 60 tokens a second. */
import type { TaskResult } from "../../src/figures/task-result.ts";
import type { Load, LoadTask } from "../../src/workload/load.ts";

export function taskOf(parts: Partial<LoadTask> = {}): LoadTask {
  const { inputTokens = 60 } = parts;
  return {
    id: 0,
    atMs: 0,
    tenant: "t",
    tier: 0,
    latency: "real-time",
    inputTokens,
    outputTokens: 1,
    cost: inputTokens,
    model: null,
    after: null,
    ...parts,
  };
}

/** Served after `waitMs`, unless something else is said. */
export function resultOf(
  task: Partial<LoadTask>,
  waitMs: number,
  parts: Partial<TaskResult> = {},
): TaskResult {
  return {
    task: taskOf(task),
    outcome: { kind: "ok" },
    waitMs,
    answeredMs: waitMs,
    wasGranted: true,
    ...parts,
  };
}

export function loadOf(tasks: readonly LoadTask[], parts: Partial<Load> = {}): Load {
  return {
    tasks,
    tenants: [],
    limits: { rpm: 1_000_000, tpm: 3_600 },
    seconds: 30,
    measuredFromMs: 5_000,
    speed: 1,
    ...parts,
  };
}
