/** Tenancy audit: what a runtime itself notes in the audit log, and how long the log is kept. */
import type { Json, TenantStore } from "../../stores/tenants/tenant-store.ts";

const FORGET_EVERY_MS = 3_600_000;

/** The sections of the file that a reload has changed. */
export function noteReload(
  store: TenantStore,
  changed: readonly string[],
  nowMs: number,
): Promise<void> {
  const action = "configuration-reloaded";
  const entry = { at: nowMs, who: "file", action, tenant: null, before: null };
  const after: Json = { changed };
  return store.note({ ...entry, after });
}

export class AuditRetention {
  #forgotAt = Number.NEGATIVE_INFINITY;

  /** Once an hour. */
  async forgetOld(store: TenantStore, keptMs: number, nowMs: number): Promise<void> {
    if (nowMs - this.#forgotAt < FORGET_EVERY_MS) return;
    this.#forgotAt = nowMs;
    await store.forgetAudit(nowMs - keptMs);
  }
}
