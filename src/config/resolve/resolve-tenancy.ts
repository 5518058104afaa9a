/** Resolve tenancy: tiers, tenants and task types with what was left out filled in. */
import type { TaskTypeConfig, TenantConfig, TierConfig } from "../config.ts";
import type { CheckedConfig } from "../schema/config-schema.ts";
import { quotasOf } from "./limit-rules.ts";

export function resolveTier(name: string, tier: CheckedConfig["tiers"][string]): TierConfig {
  const { weight, max_wait: maxWaitMs, slo, guarantee, ceiling, latency_max: latencyMax } = tier;
  const objective = slo ? { waitMs: slo.wait, target: slo.target } : null;
  return { name, weight, maxWaitMs, slo: objective, guarantee, ceiling, latencyMax };
}

export function resolveTenant(
  name: string,
  tenant: CheckedConfig["tenants"][string],
  tier: string,
): TenantConfig {
  return {
    name,
    tier: tenant.tier ?? tier,
    weight: tenant.weight,
    keys: tenant.keys,
    quotas: quotasOf(tenant.quotas),
    maxParallelRequests: tenant.max_parallel_requests ?? null,
    models: tenant.models ?? null,
    credentials: tenant.credentials ?? null,
    latencyMax: tenant.latency_max,
  };
}

export function resolveTaskType(
  name: string,
  { latency, max_wait: maxWaitMs, fallback, trim }: CheckedConfig["task_types"][string],
): TaskTypeConfig {
  return { name, latency, maxWaitMs: maxWaitMs ?? null, fallback, trim: trim ?? null };
}
