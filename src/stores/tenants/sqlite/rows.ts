/** Rows: from the columns of a table to what the port speaks of. */
import type { Span } from "../../../core/quota/quota-kind.ts";
import type {
  StoredAuditEntry,
  StoredKey,
  StoredRaise,
  StoredTenant,
  StoredUse,
} from "../tenant-store.ts";

type Row = Readonly<Record<string, unknown>>;

export function tenantIn(row: Row, keys: readonly StoredKey[]): StoredTenant {
  return {
    id: String(row["id"]),
    settings: JSON.parse(String(row["settings"])),
    isBlocked: row["blocked"] === 1,
    createdAt: Number(row["created_at"]),
    keys,
  };
}

export function keyIn(row: Row): StoredKey {
  return {
    id: String(row["id"]),
    hash: String(row["hash"]),
    hint: String(row["hint"]),
    label: String(row["label"]),
    createdAt: Number(row["created_at"]),
    expiresAt: numberOrNull(row["expires_at"]),
    revokedAt: numberOrNull(row["revoked_at"]),
  };
}

export function raiseIn(row: Row): StoredRaise {
  return {
    tenant: String(row["tenant"]),
    quota: String(row["quota"]),
    amount: Number(row["amount"]),
    until: Number(row["until"]),
  };
}

export function useIn(row: Row): StoredUse {
  return {
    tenant: String(row["tenant"]),
    span: row["span"] as Span,
    endsAt: Number(row["ends_at"]),
    requests: Number(row["requests"]),
    tokens: Number(row["tokens"]),
    usdMicros: Number(row["usd_micros"]),
  };
}

export function auditIn(row: Row): StoredAuditEntry {
  return {
    id: Number(row["id"]),
    at: Number(row["at"]),
    who: String(row["who"]),
    action: String(row["action"]),
    tenant: row["tenant"] === null ? null : String(row["tenant"]),
    before: JSON.parse(String(row["before"])),
    after: JSON.parse(String(row["after"])),
  };
}

function numberOrNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}
