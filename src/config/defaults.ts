/** Defaults: what applies when whole sections are absent (CONTRACTS 1, the example). */
import type { LatencyClass } from "../core/task.ts";

/** As it would be written; first listed is served first. */
export const DEFAULT_TIERS = {
  critical: { weight: 8, max_wait: "60s", slo: { wait: "1s", target: 0.99 } },
  premium: { weight: 4, max_wait: "60s", slo: { wait: "2s", target: 0.99 } },
  standard: { weight: 2, max_wait: "60s", guarantee: 0.1 },
  free: { weight: 1, max_wait: "30s", guarantee: 0.05 },
};

/** Shrinks where the tiers' own guarantees leave less room. */
export const DEFAULT_LATENCY_GUARANTEE: Readonly<Record<LatencyClass, number>> = {
  "real-time": 0,
  "near-real-time": 0.1,
  batch: 0.05,
};

export const DEFAULT_TASK_TYPE = "default";

/** Of the named tiers the one for tenants that name none. */
export function defaultTier(tierNames: readonly string[]): string {
  return tierNames.includes("free") ? "free" : tierNames[tierNames.length - 1];
}
