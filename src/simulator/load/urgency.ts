/** Urgency: the latency class of each task: the first tier's are urgent, some of the last tier's can wait. */
import type { Config } from "../../config/index.ts";
import type { LatencyClass } from "../../core/task.ts";
import { lessUrgent } from "../../runtime/policy/less-urgent.ts";
import type { Random } from "../../workload/random.ts";

/** Share of the last tier's tasks that are batch work. */
const BATCH_SHARE = 0.3;

/** Never more urgent than the tier may be. */
export function urgencyDraw({ tiers }: Config, random: Random): (tier: number) => LatencyClass {
  const allowed = [...tiers.values()].map(({ latencyMax }) => latencyMax);
  return (tier) => {
    const isBatch = tier === allowed.length - 1 && random() < BATCH_SHARE;
    const usual = tier === 0 ? "real-time" : "near-real-time";
    return lessUrgent(isBatch ? "batch" : usual, allowed[tier]);
  };
}
