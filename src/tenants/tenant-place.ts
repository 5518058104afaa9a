/** Tenant place: where tenants are kept by a configuration: the Redis that gateways share, or a folder of its own. */
import type { Config } from "../config/config.ts";
import { type LateTenantStore, tenantsInFolder } from "../stores/tenants/late-tenant-store.ts";
import { tenantsInRedis } from "../stores/tenants/redis/open-redis-tenants.ts";

export function tenantPlace({ store, server }: Config): LateTenantStore {
  return store.kind === "redis" ? tenantsInRedis(store) : tenantsInFolder(server.dataDir);
}
