/** Open database: `sluice.db` in the data folder, readable by its owner only, safe against a killed process. */
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { migrate } from "./schema.ts";

/** How long a write waits for another process's; the event loop stands still meanwhile. */
const BUSY_MS = 1_000;

export function databaseFile(dataDir: string): string {
  return join(dataDir, "sluice.db");
}

export function hasDatabase(dataDir: string): boolean {
  return existsSync(databaseFile(dataDir));
}

/**
 * Opens or makes it. What is committed survives a killed process (WAL); after a power cut the last
 * moments may be missing, which is what `synchronous = NORMAL` buys its speed with.
 *
 * @throws Error of the file system or of SQLite.
 */
export async function openDatabase(dataDir: string): Promise<DatabaseSync> {
  // Late: what keeps nothing needs no database.
  const { DatabaseSync } = await import("node:sqlite");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = databaseFile(dataDir);
  closeSync(openSync(file, "a", 0o600));
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = NORMAL");
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
