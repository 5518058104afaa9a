/** Live tenants: what the admin API asks of whoever has the tenants' counts: a running gateway, or the store alone. */
import type { QuotaName, Span } from "../core/quota/quota-kind.ts";

/** Amounts in whole units, USD in dollars; times in milliseconds since the epoch. */
export interface QuotaState {
  /** With what it is raised by. */
  readonly limit: number;
  /** With what running requests have reserved. */
  readonly used: number;
  readonly remaining: number;
  readonly resetsAt: number;
  readonly raise: { readonly amount: number; readonly until: number } | null;
}

export interface UseView {
  readonly requests: number;
  readonly tokens: number;
  readonly usd: number;
  readonly resetsAt: number;
}

/** A tenant's counts, in the windows of now. */
export interface TenantCounts {
  readonly quotas: Readonly<Partial<Record<QuotaName, QuotaState>>>;
  readonly use: Readonly<Record<Span, UseView>>;
}

export interface LiveTenants {
  countsOf(tenant: string): Promise<TenantCounts>;
  /** The store has it otherwise now. */
  changed(tenant: string): Promise<void>;
  erased(tenant: string): Promise<void>;
  /** These begin at 0 again; the store has done so already. */
  wasReset(tenant: string, quotas: readonly QuotaName[]): Promise<void>;
}
