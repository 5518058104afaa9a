/** Tenant records: finds tenants in the file and in the store, and changes those of the store. */
import type { Config, TenantConfig } from "../config/config.ts";
import { SluiceError } from "../core/errors.ts";
import type { LateTenantStore } from "../stores/tenants/late-tenant-store.ts";
import {
  type AuditEntry,
  type StoredTenant,
  type TenantChange,
  TenantExists,
  type TenantStore,
} from "../stores/tenants/tenant-store.ts";
import type { ApiRequest } from "./api-request.ts";
import { invalid } from "./fields.ts";
import type { LiveTenants } from "./live-tenants.ts";

export interface TenantsMeans {
  readonly config: () => Config;
  readonly store: LateTenantStore;
  readonly live: LiveTenants;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The file's win: one of the store with the same name is not seen. */
export type FoundTenant =
  | { readonly source: "file"; readonly tenant: TenantConfig }
  | { readonly source: "store"; readonly tenant: StoredTenant };

export class TenantRecords {
  readonly #means: TenantsMeans;

  constructor(means: TenantsMeans) {
    this.#means = means;
  }

  get config(): Config {
    return this.#means.config();
  }

  get now(): number {
    return this.#means.now();
  }

  get live(): LiveTenants {
    return this.#means.live;
  }

  /** Null: nothing was ever kept, and reading makes no file. */
  async opened(): Promise<TenantStore | null> {
    return this.#means.store.openIfKept();
  }

  async find(id: string): Promise<FoundTenant | null> {
    const inFile = this.config.tenants.get(id);
    if (inFile !== undefined) return { source: "file", tenant: inFile };
    const tenant = (await (await this.opened())?.tenant(id)) ?? null;
    return tenant === null ? null : { source: "store", tenant };
  }

  /** @throws SluiceError `not_found`. */
  async require(id: string): Promise<FoundTenant> {
    const found = await this.find(id);
    if (found === null) throw noTenant(id);
    return found;
  }

  /** @throws SluiceError `not_found`, or `invalid_request` for a tenant of the file. */
  async requireStored(id: string): Promise<StoredTenant> {
    const found = await this.require(id);
    if (found.source === "store") return found.tenant;
    const allowed =
      "a tenant of the admin API; this one is in the configuration file: change it there";
    throw invalid("tenant", id, allowed);
  }

  /** Writes all of it with its entry in the audit log, and tells whoever is live. */
  async apply(
    changes: readonly TenantChange[],
    { who }: ApiRequest,
    entry: Pick<AuditEntry, "action" | "tenant" | "before" | "after">,
  ): Promise<void> {
    const store = await this.#means.store.open();
    try {
      await store.apply(changes, { ...entry, who, at: this.now });
    } catch (error) {
      if (error instanceof TenantExists) throw exists(entry.tenant ?? "");
      throw error;
    }
    if (entry.tenant !== null) await this.live.changed(entry.tenant);
  }
}

export function exists(id: string): SluiceError {
  return invalid("id", id, "a name that no tenant has yet");
}

export function noTenant(id: string): SluiceError {
  return new SluiceError("not_found", `there is no tenant ${JSON.stringify(id.slice(0, 200))}`);
}
