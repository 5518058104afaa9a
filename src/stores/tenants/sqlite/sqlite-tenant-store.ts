/** SQLite tenant store: one file that several processes of one machine may use at the same time. */
import type { DatabaseSync } from "node:sqlite";
import {
  AUDIT_MAX,
  type AuditEntry,
  type AuditPage,
  type ChangedTenant,
  EXPORTED_AUDIT,
  type StoredAuditEntry,
  type StoredKey,
  type StoredRaise,
  type StoredTenant,
  type StoredUse,
  type TenantChange,
  type TenantExport,
  type TenantPage,
  type TenantSnapshot,
  type TenantStore,
} from "../tenant-store.ts";
import { Changes } from "./apply-change.ts";
import { databaseFile, openDatabase } from "./open-database.ts";
import { auditIn, keyIn, raiseIn, tenantIn, useIn } from "./rows.ts";

type Row = Readonly<Record<string, unknown>>;

/** @throws Error of the file system or of SQLite, and when a newer release has made the file. */
export async function openSqliteTenantStore(dataDir: string): Promise<TenantStore> {
  return new SqliteTenantStore(await openDatabase(dataDir), databaseFile(dataDir));
}

const ADD_USE = `INSERT INTO uses VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, span) DO UPDATE SET
  requests = excluded.requests + iif(ends_at = excluded.ends_at, requests, 0),
  tokens = excluded.tokens + iif(ends_at = excluded.ends_at, tokens, 0),
  usd_micros = excluded.usd_micros + iif(ends_at = excluded.ends_at, usd_micros, 0),
  ends_at = excluded.ends_at
  WHERE ends_at <= excluded.ends_at`;

/** After everything that begins with a prefix. */
const AFTER_ALL = "\u{10ffff}";

class SqliteTenantStore implements TenantStore {
  readonly place: string;
  readonly #database: DatabaseSync;
  readonly #changes: Changes;
  /** As SQLite counts what other connections have committed. */
  #dataVersion: unknown;
  #lastSeen: number;

  constructor(database: DatabaseSync, place: string) {
    this.#database = database;
    this.place = place;
    this.#changes = new Changes(database);
    this.#dataVersion = this.#readDataVersion();
    this.#lastSeen = this.#lastChange();
  }

  async load(now: number): Promise<TenantSnapshot> {
    return this.#transaction("DEFERRED", () => {
      this.#lastSeen = this.#lastChange();
      const facts = this.#all("SELECT value FROM facts WHERE name = 'has_had_keys'");
      return {
        tenants: this.#withKeys(
          this.#all("SELECT * FROM tenants ORDER BY id"),
          this.#all("SELECT * FROM keys ORDER BY created_at, id"),
        ),
        raises: this.#all("SELECT * FROM raises").map(raiseIn),
        uses: this.#all("SELECT * FROM uses WHERE ends_at > ?", now).map(useIn),
        hasHadKeys: facts.length > 0,
      };
    });
  }

  async tenant(id: string): Promise<StoredTenant | null> {
    return this.#tenant(id);
  }

  async list({ prefix, after, limit }: TenantPage): Promise<readonly StoredTenant[]> {
    const sql = "SELECT * FROM tenants WHERE id > ? AND id >= ? AND id < ? ORDER BY id LIMIT ?";
    const rows = this.#all(sql, after, prefix, prefix + AFTER_ALL, limit);
    return rows.map((row) => tenantIn(row, this.#keysOf(String(row["id"]))));
  }

  async count(): Promise<number> {
    return Number(this.#all("SELECT count(*) AS n FROM tenants")[0]?.["n"]);
  }

  async raisesOf(tenant: string): Promise<readonly StoredRaise[]> {
    return this.#raisesOf(tenant);
  }

  async usesOf(tenant: string, now: number): Promise<readonly StoredUse[]> {
    const sql = "SELECT * FROM uses WHERE tenant = ? AND ends_at > ? ORDER BY span";
    return this.#all(sql, tenant, now).map(useIn);
  }

  async apply(changes: readonly TenantChange[], entry: AuditEntry): Promise<void> {
    this.#transaction("IMMEDIATE", () => {
      for (const change of changes) this.#changes.apply(change);
      this.#changes.note(entry);
    });
  }

  async addUse(uses: readonly StoredUse[]): Promise<void> {
    this.#transaction("IMMEDIATE", () => {
      for (const { tenant, span, endsAt, requests, tokens, usdMicros } of uses) {
        this.#changes.run(ADD_USE, tenant, span, endsAt, requests, tokens, usdMicros);
      }
    });
  }

  async audit({ tenant, before, limit }: AuditPage): Promise<readonly StoredAuditEntry[]> {
    return this.#audit({ tenant, before, limit });
  }

  async note(entry: AuditEntry): Promise<void> {
    this.#changes.note(entry);
  }

  async forgetAudit(before: number): Promise<void> {
    this.#changes.run("DELETE FROM audit WHERE at < ?", before);
    const oldest = "(SELECT max(id) FROM audit) - ?";
    this.#changes.run(`DELETE FROM audit WHERE id <= ${oldest}`, AUDIT_MAX);
  }

  async exportOf(tenant: string): Promise<TenantExport> {
    return this.#transaction("DEFERRED", () => ({
      tenant: this.#tenant(tenant),
      raises: this.#raisesOf(tenant),
      uses: this.#all("SELECT * FROM uses WHERE tenant = ?", tenant).map(useIn),
      audit: this.#audit({ tenant, before: Number.MAX_SAFE_INTEGER, limit: EXPORTED_AUDIT }),
    }));
  }

  async changed(): Promise<readonly ChangedTenant[] | "all"> {
    const version = this.#readDataVersion();
    if (version === this.#dataVersion) return [];
    this.#dataVersion = version;
    const since = this.#lastSeen;
    this.#lastSeen = this.#lastChange();
    const sql = "SELECT min(seq) AS first FROM changes";
    const first = Number(this.#all(sql)[0]?.["first"] ?? 0);
    if (first > since + 1) return "all";
    const grouped =
      "SELECT tenant, max(erased) AS erased FROM changes WHERE seq > ? GROUP BY tenant";
    return this.#all(grouped, since).map((row) => ({
      tenant: String(row["tenant"]),
      isErased: row["erased"] === 1,
    }));
  }

  /** Nobody tells: they are asked for. */
  watch(): () => void {
    return () => {};
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }

  #tenant(id: string): StoredTenant | null {
    const [row] = this.#all("SELECT * FROM tenants WHERE id = ?", id);
    return row === undefined ? null : tenantIn(row, this.#keysOf(id));
  }

  #keysOf(tenant: string): StoredKey[] {
    const sql = "SELECT * FROM keys WHERE tenant = ? ORDER BY created_at, id";
    return this.#all(sql, tenant).map(keyIn);
  }

  #raisesOf(tenant: string): StoredRaise[] {
    return this.#all("SELECT * FROM raises WHERE tenant = ?", tenant).map(raiseIn);
  }

  #audit({ tenant, before, limit }: AuditPage): StoredAuditEntry[] {
    const rows =
      tenant === null
        ? this.#all("SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?", before, limit)
        : this.#all(
            "SELECT * FROM audit WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT ?",
            tenant,
            before,
            limit,
          );
    return rows.map(auditIn);
  }

  #withKeys(tenants: readonly Row[], keys: readonly Row[]): StoredTenant[] {
    const byTenant = new Map<string, StoredKey[]>();
    for (const row of keys) {
      const tenant = String(row["tenant"]);
      const known = byTenant.get(tenant);
      if (known) known.push(keyIn(row));
      else byTenant.set(tenant, [keyIn(row)]);
    }
    return tenants.map((row) => tenantIn(row, byTenant.get(String(row["id"])) ?? []));
  }

  #all(sql: string, ...values: (string | number)[]): Row[] {
    return this.#changes.statement(sql).all(...values) as Row[];
  }

  #readDataVersion(): unknown {
    return this.#all("PRAGMA data_version")[0]?.["data_version"];
  }

  #lastChange(): number {
    return Number(this.#all("SELECT max(seq) AS last FROM changes")[0]?.["last"] ?? 0);
  }

  #transaction<T>(kind: "DEFERRED" | "IMMEDIATE", work: () => T): T {
    this.#database.exec(`BEGIN ${kind}`);
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}
