/** Late tenant store: opened when something has to be kept, so that whoever keeps nothing needs no data folder. */
import { SluiceError } from "../../core/errors.ts";
import { MemoryTenantStore } from "./memory-tenant-store.ts";
import { hasDatabase } from "./sqlite/open-database.ts";
import { openSqliteTenantStore } from "./sqlite/sqlite-tenant-store.ts";
import type { TenantLeases } from "./tenant-leases.ts";
import type { TenantStore } from "./tenant-store.ts";

interface Means {
  /** For people. */
  readonly place: string;
  /** Is something kept there already? */
  readonly exists: () => boolean;
  readonly open: () => Promise<TenantStore>;
  /** @default none: what is counted is counted by this process alone */
  readonly leases?: TenantLeases;
}

export class LateTenantStore {
  readonly #means: Means;
  #opened: TenantStore | null = null;
  #opening: Promise<TenantStore> | null = null;

  constructor(means: Means) {
    this.#means = means;
  }

  /** Null: nothing had to be kept yet. */
  get opened(): TenantStore | null {
    return this.#opened;
  }

  /** Counts that other instances share; null: there are none. */
  get leases(): TenantLeases | null {
    return this.#means.leases ?? null;
  }

  get exists(): boolean {
    return this.#means.exists();
  }

  /**
   * One opening, however many ask for it; one that failed is tried again by the next.
   *
   * @throws SluiceError `store_unavailable`, as a rejection, naming the place and the reason.
   */
  async open(): Promise<TenantStore> {
    if (this.#opened !== null) return this.#opened;
    this.#opening ??= this.#means.open();
    try {
      this.#opened = await this.#opening;
      return this.#opened;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SluiceError("store_unavailable", `${this.#means.place}: ${why}`, { cause });
    } finally {
      this.#opening = null;
    }
  }

  /**
   * Null: nothing was ever kept, and reading makes no file.
   *
   * @throws SluiceError as `open`.
   */
  async openIfKept(): Promise<TenantStore | null> {
    return this.#opened ?? (this.exists ? await this.open() : null);
  }

  async close(): Promise<void> {
    await this.#opened?.close();
    this.#opened = null;
  }
}

/** In `sluice.db` of the folder, which is made when it is needed. */
export function tenantsInFolder(dataDir: string): LateTenantStore {
  return new LateTenantStore({
    place: `server.data_dir ${dataDir}`,
    exists: () => hasDatabase(dataDir),
    open: () => openSqliteTenantStore(dataDir),
  });
}

export function tenantsInMemory(): LateTenantStore {
  const open = async () => new MemoryTenantStore();
  return new LateTenantStore({ place: "memory", exists: () => false, open });
}
