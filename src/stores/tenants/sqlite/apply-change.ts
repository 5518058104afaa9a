/** Apply change: what each change of a tenant means in SQL. The caller holds the transaction. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Counted } from "../../../core/quota/quota-kind.ts";
import { type AuditEntry, type TenantChange, TenantExists } from "../tenant-store.ts";

/** So many tenants are told by name to a process that has not looked for a while. */
const REMEMBERED_CHANGES = 10_000;

const COLUMNS: Readonly<Record<Counted, string>> = {
  requests: "requests",
  tokens: "tokens",
  usd: "usd_micros",
};

export class Changes {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  apply(change: TenantChange): void {
    switch (change.kind) {
      case "add-tenant":
      case "change-tenant":
        this.#writeTenant(change);
        break;
      case "remove-tenant":
        this.#forget(change.id);
        break;
      case "put-key":
        this.#putKey(change);
        break;
      case "remove-key":
        this.run("DELETE FROM keys WHERE id = ? AND tenant = ?", change.id, change.tenant);
        break;
      case "put-raise": {
        const { tenant, quota, amount, until } = change.raise;
        const values = "VALUES (?, ?, ?, ?)";
        this.run(`INSERT OR REPLACE INTO raises ${values}`, tenant, quota, amount, until);
        break;
      }
      case "remove-raise":
        this.run("DELETE FROM raises WHERE tenant = ? AND quota = ?", change.tenant, change.quota);
        break;
      case "reset-use": {
        const column = COLUMNS[change.counts];
        const where = "WHERE tenant = ? AND span = ?";
        this.run(`UPDATE uses SET ${column} = 0 ${where}`, change.tenant, change.span);
        break;
      }
      case "erase":
        this.#forget(change.tenant);
        this.run("DELETE FROM uses WHERE tenant = ?", change.tenant);
        this.run("DELETE FROM audit WHERE tenant = ?", change.tenant);
    }
    this.#tell(tenantOf(change), change.kind === "erase" ? 1 : 0);
  }

  note({ at, who, action, tenant, before, after }: AuditEntry): void {
    this.run(
      "INSERT INTO audit (at, who, action, tenant, before, after) VALUES (?, ?, ?, ?, ?, ?)",
      at,
      who,
      action,
      tenant,
      JSON.stringify(before),
      JSON.stringify(after),
    );
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.statement(sql).run(...values).changes);
  }

  statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #writeTenant({ kind, tenant }: Extract<TenantChange, { tenant: { settings: unknown } }>): void {
    const settings = JSON.stringify(tenant.settings);
    const blocked = tenant.isBlocked ? 1 : 0;
    if (kind === "change-tenant") {
      const sql = "UPDATE tenants SET settings = ?, blocked = ? WHERE id = ?";
      this.run(sql, settings, blocked, tenant.id);
      return;
    }
    const sql = "INSERT OR IGNORE INTO tenants VALUES (?, ?, ?, ?)";
    if (this.run(sql, tenant.id, settings, blocked, tenant.createdAt) === 0) {
      throw new TenantExists(tenant.id);
    }
  }

  /** Only for a tenant that is there: it may have been removed meanwhile. */
  #putKey({ tenant, key }: Extract<TenantChange, { kind: "put-key" }>): void {
    const sql = `INSERT INTO keys
      SELECT ?, id, ?, ?, ?, ?, ?, ? FROM tenants WHERE id = ?
      ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, revoked_at = excluded.revoked_at`;
    const { id, hash, hint, label, createdAt, expiresAt, revokedAt } = key;
    this.run(sql, id, hash, hint, label, createdAt, expiresAt, revokedAt, tenant);
    this.run("INSERT OR REPLACE INTO facts VALUES ('has_had_keys', 1)");
  }

  #forget(id: string): void {
    this.run("DELETE FROM tenants WHERE id = ?", id);
    this.run("DELETE FROM keys WHERE tenant = ?", id);
    this.run("DELETE FROM raises WHERE tenant = ?", id);
  }

  /** Other processes look for it. */
  #tell(tenant: string, erased: 0 | 1): void {
    this.run("INSERT INTO changes (tenant, erased) VALUES (?, ?)", tenant, erased);
    const oldest = "(SELECT max(seq) FROM changes) - ?";
    this.run(`DELETE FROM changes WHERE seq <= ${oldest}`, REMEMBERED_CHANGES);
  }
}

function tenantOf(change: TenantChange): string {
  if (change.kind === "put-raise") return change.raise.tenant;
  if (change.kind === "add-tenant" || change.kind === "change-tenant") return change.tenant.id;
  return change.kind === "remove-tenant" ? change.id : change.tenant;
}
