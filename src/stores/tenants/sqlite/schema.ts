/** Schema: the tables of `sluice.db`, and how a file of an older version is brought to this one. */
import type { DatabaseSync } from "node:sqlite";

/** Each step leads from the version of its index to the next; a step that was released never changes. */
const STEPS: readonly string[] = [
  `
  CREATE TABLE tenants (
    id TEXT PRIMARY KEY, settings TEXT NOT NULL, blocked INTEGER NOT NULL, created_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE keys (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, hint TEXT NOT NULL,
    label TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX keys_tenant ON keys (tenant);
  CREATE TABLE raises (
    tenant TEXT NOT NULL, quota TEXT NOT NULL, amount REAL NOT NULL, until INTEGER NOT NULL,
    PRIMARY KEY (tenant, quota)
  ) WITHOUT ROWID;
  CREATE TABLE uses (
    tenant TEXT NOT NULL, span TEXT NOT NULL, ends_at INTEGER NOT NULL,
    requests REAL NOT NULL, tokens REAL NOT NULL, usd_micros REAL NOT NULL,
    PRIMARY KEY (tenant, span)
  ) WITHOUT ROWID;
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL,
    action TEXT NOT NULL, tenant TEXT, before TEXT NOT NULL, after TEXT NOT NULL
  );
  CREATE INDEX audit_tenant ON audit (tenant, id);
  CREATE INDEX audit_at ON audit (at);
  CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, erased INTEGER NOT NULL
  );
  CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  `,
];

/**
 * Two processes that open a new file at once: one makes the tables, the other waits for it.
 *
 * @throws Error when the file was made by a newer release.
 */
export function migrate(database: DatabaseSync): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    const version = versionOf(database);
    if (version > STEPS.length) {
      throw new Error(`made by a newer release (version ${version}, known up to ${STEPS.length})`);
    }
    for (const step of STEPS.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${STEPS.length}`);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function versionOf(database: DatabaseSync): number {
  return (database.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;
}
