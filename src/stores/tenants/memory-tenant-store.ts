/** Memory tenant store: for the library without a data folder, and the executable meaning of the port. */
import {
  AUDIT_MAX,
  type AuditEntry,
  type AuditPage,
  type ChangedTenant,
  EXPORTED_AUDIT,
  type StoredAuditEntry,
  type StoredRaise,
  type StoredTenant,
  type StoredUse,
  type TenantChange,
  TenantExists,
  type TenantExport,
  type TenantPage,
  type TenantSnapshot,
  type TenantStore,
} from "./tenant-store.ts";

export class MemoryTenantStore implements TenantStore {
  readonly place = "memory";
  #tenants = new Map<string, StoredTenant>();
  #raises: readonly StoredRaise[] = [];
  readonly #uses = new Map<string, StoredUse>();
  #audit: StoredAuditEntry[] = [];
  #nextId = 1;
  #hasHadKeys = false;

  async load(now: number): Promise<TenantSnapshot> {
    return {
      tenants: this.#sorted(),
      raises: this.#raises,
      uses: [...this.#uses.values()].filter(({ endsAt }) => endsAt > now),
      hasHadKeys: this.#hasHadKeys,
    };
  }

  async tenant(id: string): Promise<StoredTenant | null> {
    return this.#tenants.get(id) ?? null;
  }

  async list({ prefix, after, limit }: TenantPage): Promise<readonly StoredTenant[]> {
    const isWanted = ({ id }: StoredTenant) => id > after && id.startsWith(prefix);
    return this.#sorted().filter(isWanted).slice(0, limit);
  }

  async count(): Promise<number> {
    return this.#tenants.size;
  }

  async raisesOf(tenant: string): Promise<readonly StoredRaise[]> {
    return this.#raises.filter((raise) => raise.tenant === tenant);
  }

  async usesOf(tenant: string, now: number): Promise<readonly StoredUse[]> {
    return this.#usesOf(tenant).filter(({ endsAt }) => endsAt > now);
  }

  /** Nothing that a change replaces is changed in place, so what was before can be put back. */
  async apply(changes: readonly TenantChange[], entry: AuditEntry): Promise<void> {
    const before = new Map(this.#tenants);
    try {
      for (const change of changes) this.#apply(change);
    } catch (error) {
      this.#tenants = before;
      throw error;
    }
    await this.note(entry);
  }

  async addUse(uses: readonly StoredUse[]): Promise<void> {
    for (const use of uses) {
      const id = `${use.span} ${use.tenant}`;
      const known = this.#uses.get(id);
      if (known === undefined || known.endsAt < use.endsAt) this.#uses.set(id, use);
      else if (known.endsAt === use.endsAt) this.#uses.set(id, sumOf(known, use));
    }
  }

  async audit({ tenant, before, limit }: AuditPage): Promise<readonly StoredAuditEntry[]> {
    return this.#audit
      .filter((entry) => (tenant === null || entry.tenant === tenant) && entry.id < before)
      .slice(-limit)
      .reverse();
  }

  async note(entry: AuditEntry): Promise<void> {
    if (this.#audit.length >= AUDIT_MAX) this.#audit.shift();
    this.#audit.push({ ...entry, id: this.#nextId++ });
  }

  async forgetAudit(before: number): Promise<void> {
    this.#audit = this.#audit.filter(({ at }) => at >= before);
  }

  async exportOf(tenant: string): Promise<TenantExport> {
    return {
      tenant: await this.tenant(tenant),
      raises: await this.raisesOf(tenant),
      uses: this.#usesOf(tenant),
      audit: await this.audit({
        tenant,
        before: Number.MAX_SAFE_INTEGER,
        limit: EXPORTED_AUDIT,
      }),
    };
  }

  /** There are no other processes. */
  async changed(): Promise<readonly ChangedTenant[]> {
    return [];
  }

  /** Nobody tells: they are asked for. */
  watch(): () => void {
    return () => {};
  }

  async close(): Promise<void> {}

  #apply(change: TenantChange): void {
    switch (change.kind) {
      case "add-tenant":
        if (this.#tenants.has(change.tenant.id)) throw new TenantExists(change.tenant.id);
        this.#tenants.set(change.tenant.id, { ...change.tenant, keys: [] });
        break;
      case "change-tenant":
        this.#change(change.tenant.id, (known) => ({ ...change.tenant, keys: known.keys }));
        break;
      case "remove-tenant":
        this.#forget(change.id);
        break;
      case "put-key": {
        const { key } = change;
        this.#hasHadKeys = true;
        const others = (known: StoredTenant) => known.keys.filter(({ id }) => id !== key.id);
        this.#change(change.tenant, (known) => ({ ...known, keys: [...others(known), key] }));
        break;
      }
      case "remove-key": {
        const { id } = change;
        const isOther = (key: { readonly id: string }) => key.id !== id;
        this.#change(change.tenant, (known) => ({ ...known, keys: known.keys.filter(isOther) }));
        break;
      }
      case "put-raise":
        this.#dropRaise(change.raise.tenant, change.raise.quota);
        this.#raises = [...this.#raises, change.raise];
        break;
      case "remove-raise":
        this.#dropRaise(change.tenant, change.quota);
        break;
      case "reset-use": {
        const id = `${change.span} ${change.tenant}`;
        const known = this.#uses.get(id);
        const field = change.counts === "usd" ? "usdMicros" : change.counts;
        if (known) this.#uses.set(id, { ...known, [field]: 0 });
        break;
      }
      case "erase":
        this.#erase(change.tenant);
    }
  }

  #change(id: string, to: (known: StoredTenant) => StoredTenant): void {
    const known = this.#tenants.get(id);
    if (known) this.#tenants.set(id, to(known));
  }

  #forget(id: string): void {
    this.#tenants.delete(id);
    this.#raises = this.#raises.filter(({ tenant }) => tenant !== id);
  }

  #erase(id: string): void {
    this.#forget(id);
    for (const span of ["day", "month"]) this.#uses.delete(`${span} ${id}`);
    this.#audit = this.#audit.filter(({ tenant }) => tenant !== id);
  }

  #dropRaise(tenant: string, quota: string): void {
    const isOther = (raise: StoredRaise) => raise.tenant !== tenant || raise.quota !== quota;
    this.#raises = this.#raises.filter(isOther);
  }

  #usesOf(tenant: string): StoredUse[] {
    return [...this.#uses.values()].filter((use) => use.tenant === tenant);
  }

  #sorted(): StoredTenant[] {
    return [...this.#tenants.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

function sumOf(a: StoredUse, b: StoredUse): StoredUse {
  return {
    ...b,
    requests: a.requests + b.requests,
    tokens: a.tokens + b.tokens,
    usdMicros: a.usdMicros + b.usdMicros,
  };
}
