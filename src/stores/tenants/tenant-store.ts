/**
 * Tenant store: the port behind which tenants of the admin API, their keys, what every tenant has
 * used, and the audit log are kept. Times are milliseconds since the epoch.
 */
import type { Counted, Span } from "../../core/quota/quota-kind.ts";
import type { UseAmounts } from "../../core/quota/tenant-use.ts";

/** Plain JSON. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

export interface StoredTenant {
  readonly id: string;
  /** As the admin API has checked it; the store does not look into it. */
  readonly settings: { readonly [name: string]: Json };
  readonly isBlocked: boolean;
  readonly createdAt: number;
  readonly keys: readonly StoredKey[];
}

/** The key itself is nowhere. */
export interface StoredKey {
  /** What people call it by, e.g. `key_3f9a...`. */
  readonly id: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly hash: string;
  /** Its last characters, to recognise it by. */
  readonly hint: string;
  readonly label: string;
  readonly createdAt: number;
  /** Null: never. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

/** More of a quota for a while; a tenant has at most one for each quota. */
export interface StoredRaise {
  readonly tenant: string;
  readonly quota: string;
  /** Whole units on top of the quota. */
  readonly amount: number;
  readonly until: number;
}

/** What a tenant has used in the window of this kind that ends then. */
export interface StoredUse extends UseAmounts {
  readonly tenant: string;
  readonly span: Span;
  readonly endsAt: number;
}

/** Who did what; no key and no prompt text is ever in it. */
export interface AuditEntry {
  readonly at: number;
  /** `token`, `cookie`, `loopback`, `cli`, `file`. */
  readonly who: string;
  readonly action: string;
  /** Null: it concerns no single tenant. */
  readonly tenant: string | null;
  readonly before: Json;
  readonly after: Json;
}

export interface StoredAuditEntry extends AuditEntry {
  /** Grows with time. */
  readonly id: number;
}

export type TenantChange =
  /** @throws TenantExists when it does. */
  | { readonly kind: "add-tenant"; readonly tenant: Omit<StoredTenant, "keys"> }
  /** Nothing if it has gone. */
  | { readonly kind: "change-tenant"; readonly tenant: Omit<StoredTenant, "keys"> }
  /** With its keys and raises; its use and its part of the audit log stay. */
  | { readonly kind: "remove-tenant"; readonly id: string }
  | { readonly kind: "put-key"; readonly tenant: string; readonly key: StoredKey }
  | { readonly kind: "remove-key"; readonly tenant: string; readonly id: string }
  | { readonly kind: "put-raise"; readonly raise: StoredRaise }
  | { readonly kind: "remove-raise"; readonly tenant: string; readonly quota: string }
  | {
      readonly kind: "reset-use";
      readonly tenant: string;
      readonly span: Span;
      readonly counts: Counted;
    }
  /** Everything of it, in the audit log too. */
  | { readonly kind: "erase"; readonly tenant: string };

/** What a gateway has to know when it starts. */
export interface TenantSnapshot {
  readonly tenants: readonly StoredTenant[];
  readonly raises: readonly StoredRaise[];
  /** Windows that were not over at the given time. */
  readonly uses: readonly StoredUse[];
  /** There has been a key at some time: without one nobody comes in any more. */
  readonly hasHadKeys: boolean;
}

/** Everything that is kept of one tenant. */
export interface TenantExport {
  readonly tenant: StoredTenant | null;
  readonly raises: readonly StoredRaise[];
  readonly uses: readonly StoredUse[];
  readonly audit: readonly StoredAuditEntry[];
}

export interface TenantPage {
  /** Only names that begin with it. */
  readonly prefix: string;
  /** Only names after it; empty: from the first on. */
  readonly after: string;
  readonly limit: number;
}

export interface AuditPage {
  /** Null: of all. */
  readonly tenant: string | null;
  /** Only entries with a smaller id. */
  readonly before: number;
  readonly limit: number;
}

export interface ChangedTenant {
  readonly tenant: string;
  /** What it has used is gone too. */
  readonly isErased: boolean;
}

/** A tenant of this name exists already. */
export class TenantExists extends Error {
  constructor(id: string) {
    super(`tenant ${id} exists already`);
    this.name = "TenantExists";
  }
}

export interface TenantStore {
  /** Where it is, for people. */
  readonly place: string;
  load(now: number): Promise<TenantSnapshot>;
  tenant(id: string): Promise<StoredTenant | null>;
  /** By name. */
  list(page: TenantPage): Promise<readonly StoredTenant[]>;
  count(): Promise<number>;
  raisesOf(tenant: string): Promise<readonly StoredRaise[]>;
  usesOf(tenant: string, now: number): Promise<readonly StoredUse[]>;
  /** All of it and its audit entry, or nothing. */
  apply(changes: readonly TenantChange[], entry: AuditEntry): Promise<void>;
  /** Adds to what is there; a window that has ended since is replaced. */
  addUse(uses: readonly StoredUse[]): Promise<void>;
  /** Newest first. */
  audit(page: AuditPage): Promise<readonly StoredAuditEntry[]>;
  note(entry: AuditEntry): Promise<void>;
  /** Forgets entries of the audit log that are older. */
  forgetAudit(before: number): Promise<void>;
  exportOf(tenant: string): Promise<TenantExport>;
  /** What other processes have changed since it was asked last; `all`: too much to tell. */
  changed(): Promise<readonly ChangedTenant[] | "all">;
  /** Calls `onChanged` soon after others have changed something, where that is told; returns how to end it. */
  watch(onChanged: () => void): () => void;
  close(): Promise<void>;
}

/** Entries of one export, newest first; a tenant with more has the older ones cut. */
export const EXPORTED_AUDIT = 100_000;
/** The log ends with this many entries, however young the oldest is. */
export const AUDIT_MAX = 1_000_000;
