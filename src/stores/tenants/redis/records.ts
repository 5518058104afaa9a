/** Records: a tenant and its raises as one text in Redis, and what changes make of it. */
import {
  type StoredRaise,
  type StoredTenant,
  type TenantChange,
  TenantExists,
} from "../tenant-store.ts";

export interface TenantRecordText {
  /** Null: only its quotas are raised; it stands in a file. */
  readonly tenant: StoredTenant | null;
  readonly raises: readonly StoredRaise[];
}

const NONE: TenantRecordText = { tenant: null, raises: [] };

export function recordIn(text: string): TenantRecordText {
  return text === "" ? NONE : (JSON.parse(text) as TenantRecordText);
}

/** Empty: there is nothing to be kept. */
export function textOf(record: TenantRecordText): string {
  return record.tenant === null && record.raises.length === 0 ? "" : JSON.stringify(record);
}

export function tenantOf(change: TenantChange): string {
  if (change.kind === "put-raise") return change.raise.tenant;
  if (change.kind === "add-tenant" || change.kind === "change-tenant") return change.tenant.id;
  return change.kind === "remove-tenant" ? change.id : change.tenant;
}

/** @throws TenantExists */
export function afterChange(record: TenantRecordText, change: TenantChange): TenantRecordText {
  const { tenant, raises } = record;
  switch (change.kind) {
    case "add-tenant":
      if (tenant !== null) throw new TenantExists(change.tenant.id);
      return { tenant: { ...change.tenant, keys: [] }, raises };
    case "change-tenant":
      return tenant === null ? record : { tenant: { ...change.tenant, keys: tenant.keys }, raises };
    case "remove-tenant":
    case "erase":
      return NONE;
    case "put-key":
    case "remove-key":
      return tenant === null ? record : { tenant: withKeys(tenant, change), raises };
    case "put-raise":
      return { tenant, raises: [...others(raises, change.raise.quota), change.raise] };
    case "remove-raise":
      return { tenant, raises: others(raises, change.quota) };
    case "reset-use":
      return record;
  }
}

function withKeys(
  tenant: StoredTenant,
  change: Extract<TenantChange, { kind: "put-key" | "remove-key" }>,
): StoredTenant {
  const { keys } = tenant;
  if (change.kind === "remove-key") {
    return { ...tenant, keys: keys.filter(({ id }) => id !== change.id) };
  }
  const { key } = change;
  const isKnown = keys.some(({ id }) => id === key.id);
  const replaced = keys.map((one) => (one.id === key.id ? key : one));
  return { ...tenant, keys: isKnown ? replaced : [...keys, key] };
}

function others(raises: readonly StoredRaise[], quota: string): readonly StoredRaise[] {
  return raises.filter((raise) => raise.quota !== quota);
}
