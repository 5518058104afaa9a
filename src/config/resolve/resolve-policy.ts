/** Resolve policy: guarantees and thresholds, where defaults give way to what is written. */
import type { LatencyClass } from "../../core/task.ts";
import type { PolicyConfig, TierConfig } from "../config.ts";
import { DEFAULT_LATENCY_GUARANTEE } from "../defaults.ts";
import type { CheckedConfig } from "../schema/config-schema.ts";
import { GUARANTEES_MAX } from "../schema/policy.ts";

type CheckedPolicy = CheckedConfig["policy"];
type Shares = Readonly<Record<LatencyClass, number>>;

export function resolvePolicy(policy: CheckedPolicy, tiers: Iterable<TierConfig>): PolicyConfig {
  const { order, batch_last: batchLast, holdback, margin, queue } = policy;
  const { pressure, trim, shadow } = policy;
  return {
    order,
    batchLast,
    latencyGuarantee: latencyGuarantee(policy.latency_guarantee, tiers),
    holdback,
    margin,
    queue: { maxWaiting: queue.max_waiting, maxBytes: queue.max_bytes },
    pressure: thresholds(pressure),
    trim,
    shadow,
  };
}

function latencyGuarantee(
  written: CheckedPolicy["latency_guarantee"],
  tiers: Iterable<TierConfig>,
): Shares {
  if (written === undefined || written === null) return defaultGuarantee(tiers);
  const { "real-time": realTime = 0, "near-real-time": nearRealTime = 0, batch = 0 } = written;
  return { "real-time": realTime, "near-real-time": nearRealTime, batch };
}

function defaultGuarantee(tiers: Iterable<TierConfig>): Shares {
  const promised = [...tiers].reduce((sum, { guarantee }) => sum + guarantee, 0);
  const wanted = Object.values(DEFAULT_LATENCY_GUARANTEE).reduce((sum, share) => sum + share, 0);
  const factor = Math.min(1, Math.max(0, GUARANTEES_MAX - promised) / wanted);
  const shares = Object.entries(DEFAULT_LATENCY_GUARANTEE).map(([name, n]) => [name, n * factor]);
  return Object.fromEntries(shares) as Shares;
}

/** `warn: 0.95` alone must not be above the default of `act`. */
export function thresholds({ warn, act }: { warn: number; act: number }) {
  return { warn: Math.min(warn, 1), act: Math.max(warn, act) };
}
