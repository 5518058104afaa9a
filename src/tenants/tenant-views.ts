/** Tenant views: tenants, keys and audit entries as the admin API shows them. */
import type { TenantConfig } from "../config/config.ts";
import type { Json, StoredAuditEntry, StoredKey } from "../stores/tenants/tenant-store.ts";
import type { TenantCounts } from "./live-tenants.ts";
import type { FoundTenant } from "./tenant-records.ts";

/** Of a file's tenant as much of its hashes as tells them apart. */
const HASH_SHOWN = "sha256:".length + 8;

export function tenantView(found: FoundTenant, now: number): { readonly [name: string]: Json } {
  const { source, tenant } = found;
  if (source === "store") {
    return {
      id: tenant.id,
      source,
      blocked: tenant.isBlocked,
      ...tenant.settings,
      created_at: timeView(tenant.createdAt),
      keys: tenant.keys.map((key) => keyView(key, now)),
    };
  }
  const keys = tenant.keys.map((hash) => ({
    hash: `${hash.slice(0, HASH_SHOWN)}…`,
    state: "active",
  }));
  return { id: tenant.name, source, blocked: false, ...settingsView(tenant), keys };
}

/** With the number of its keys instead of them. */
export function tenantSummary(found: FoundTenant, now: number): { readonly [name: string]: Json } {
  return { ...tenantView(found, now), keys: found.tenant.keys.length };
}

export function keyView(key: StoredKey, now: number): { readonly [name: string]: Json } {
  return {
    id: key.id,
    hint: key.hint,
    label: key.label,
    state: stateOf(key, now),
    created_at: timeView(key.createdAt),
    expires_at: timeView(key.expiresAt),
    revoked_at: timeView(key.revokedAt),
  };
}

export function isLive(key: StoredKey, now: number): boolean {
  return stateOf(key, now) === "active";
}

export function auditView(entry: StoredAuditEntry): Json {
  return { ...entry, at: timeView(entry.at) };
}

/** Times of counts in milliseconds since the epoch, as in the state. */
export function countsView({ quotas, use }: TenantCounts): { readonly [name: string]: Json } {
  return { quotas: quotas as unknown as Json, use: use as unknown as Json };
}

export function timeView(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

function stateOf({ revokedAt, expiresAt }: StoredKey, now: number): string {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && expiresAt <= now ? "expired" : "active";
}

function settingsView(tenant: TenantConfig): { readonly [name: string]: Json } {
  const { tier, weight, quotas, maxParallelRequests, models, credentials, latencyMax } = tenant;
  return {
    tier,
    weight,
    quotas: Object.fromEntries(quotas.map(({ name, amount }) => [name, amount])),
    ...(maxParallelRequests === null ? {} : { max_parallel_requests: maxParallelRequests }),
    ...(models === null ? {} : { models }),
    ...(credentials === null ? {} : { credentials }),
    latency_max: latencyMax,
  };
}
