/** Gateway config: the `sluice.yaml` of the demo, as an object. */
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LoadTenant, ProviderLimits } from "../../workload/load.ts";
import { LATENCY_GUARANTEES, TIERS } from "../../workload/tiers.ts";

export const UPSTREAM = "provider";
export const TASK_TYPES = {
  "real-time": "chat",
  "near-real-time": "agent",
  batch: "report",
} as const;

/**
 * Both are floors of a bucket that holds 60 s of refill, and an empty bucket has to fill up to them
 * first: 1 % is the work of 0.6 s, enough to absorb the first tier's bursts.
 */
const HOLDBACK = 0.01;
const MARGIN = 0.001;

export interface GatewaySetting {
  readonly baseUrl: string;
  readonly limits: ProviderLimits;
  readonly tenants: readonly LoadTenant[];
}

export function gatewayConfig({ baseUrl, limits, tenants }: GatewaySetting) {
  return {
    // Nothing is kept, and tenants that somebody has made in the usual folder are not asked in.
    server: { listen: "127.0.0.1:0", data_dir: join(tmpdir(), `sluice-demo-${process.pid}`) },
    policy: { latency_guarantee: LATENCY_GUARANTEES, holdback: HOLDBACK, margin: MARGIN },
    defaults: { tier: TIERS[TIERS.length - 1].name },
    tiers: Object.fromEntries(
      TIERS.map(({ name, weight, maxWaitMs, guarantee }) => [
        name,
        { weight, max_wait: `${maxWaitMs}ms`, ...(guarantee > 0 ? { guarantee } : {}) },
      ]),
    ),
    tenants: Object.fromEntries(
      tenants.map(({ name, tier }) => [
        name,
        { tier: TIERS[tier].name, keys: [hashOf(tenantKey(name))] },
      ]),
    ),
    task_types: Object.fromEntries(
      Object.entries(TASK_TYPES).map(([latency, type]) => [type, { latency, fallback: [] }]),
    ),
    upstreams: {
      [UPSTREAM]: {
        dialect: "openai",
        base_url: `${baseUrl}/v1`,
        api_key: "sk-provider",
        limits: [limits],
      },
    },
  };
}

/** What a tenant's agents send as their credential. */
export function tenantKey(tenant: string): string {
  return `sk-demo-${tenant}`;
}

function hashOf(key: string): string {
  return `sha256:${createHash("sha256").update(key).digest("hex")}`;
}
