/** Build load: from rows to tasks with tenants and classes, and the limits that make them too many. */
import type { LatencyClass } from "../../core/task.ts";
import { assignTenants } from "../../workload/assign-tenants.ts";
import { type Load, type LoadTask, OVERLOAD, type ProviderLimits } from "../../workload/load.ts";
import type { Random } from "../../workload/random.ts";
import { type LoadTier, TIERS } from "../../workload/tiers.ts";
import { costOf } from "../../workload/trace-row.ts";
import type { Slice } from "./cut-slice.ts";

/** Figures begin after the first 5 s, in short runs after the first third. */
const WARM_UP_MS = 5_000;
/**
 * Requests that the limit allows, over what its tokens pay for: tokens bind. OpenAI's own tables are
 * alike (500 requests for 500k tokens up to 10k for 4M). It matters for clients that retry, because
 * the provider counts refused requests too.
 */
const REQUESTS_PER_AFFORDABLE = 2;
const MINUTE_SECONDS = 60;

export function buildLoad({ rows, speed, seconds }: Slice, random: Random): Load {
  const { tenants, ofRow } = assignTenants(rows, TIERS, random);
  const tasks = rows.map((row, id): LoadTask => {
    const { name, tier } = ofRow[id];
    return {
      id,
      atMs: (row.atSeconds / speed) * 1_000,
      tenant: name,
      tier,
      latency: drawLatency(TIERS[tier], random),
      inputTokens: Math.max(1, row.inputTokens),
      outputTokens: Math.max(1, row.outputTokens),
      cost: costOf(row),
      model: null,
      after: null,
    };
  });
  const limits = limitsFor(tasks, seconds);
  const measuredFromMs = Math.min(WARM_UP_MS, (seconds * 1_000) / 3);
  return { tasks, tenants, limits, seconds, measuredFromMs, speed };
}

function drawLatency({ latency, batchShare }: LoadTier, random: Random): LatencyClass {
  return random() < batchShare ? "batch" : latency;
}

function limitsFor(tasks: readonly LoadTask[], seconds: number): ProviderLimits {
  const demand = tasks.reduce((sum, { cost }) => sum + cost, 0);
  const tpm = Math.round((demand / seconds / OVERLOAD) * MINUTE_SECONDS);
  const meanCost = demand / tasks.length;
  return { tpm, rpm: Math.round((REQUESTS_PER_AFFORDABLE * tpm) / meanCost) };
}
