/** Quota kinds: what a tenant's quotas count, and in which window of UTC. */
import type { Dimension } from "../demand.ts";

/** A day or a calendar month, both in UTC. */
export type Span = "day" | "month";

/** What is kept of a tenant's use. */
export type Counted = Extract<Dimension, "requests" | "tokens" | "usd">;

export interface QuotaKind {
  readonly counts: Counted;
  readonly span: Span;
}

/** By the names they have in the configuration. */
export const QUOTA_KINDS = {
  tpd: { counts: "tokens", span: "day" },
  rpd: { counts: "requests", span: "day" },
  usd_per_day: { counts: "usd", span: "day" },
  tokens_per_month: { counts: "tokens", span: "month" },
  requests_per_month: { counts: "requests", span: "month" },
  usd_per_month: { counts: "usd", span: "month" },
} as const satisfies Readonly<Record<string, QuotaKind>>;

export type QuotaName = keyof typeof QUOTA_KINDS;

export const QUOTA_NAMES = Object.keys(QUOTA_KINDS) as readonly QuotaName[];

export function isQuotaName(name: string): name is QuotaName {
  return Object.hasOwn(QUOTA_KINDS, name);
}
