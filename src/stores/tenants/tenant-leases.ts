/**
 * Tenant leases: the port behind which the quotas and slots of tenants are counted for all instances
 * at once. An instance tells in turns what it has used and is lent what it may use next. Amounts are
 * micro-units, times microseconds by the clock of the count.
 */
import type { Counted, Span } from "../../core/quota/quota-kind.ts";
import type { UseAmounts } from "../../core/quota/tenant-use.ts";

/** For so long slots are lent; whoever has not asked again by then has lost them. */
export const LEASE_MICROS = 2_000_000;

export interface LeaseAsk {
  /** A quota's name, or `slots`. */
  readonly name: string;
  /** Null: slots. */
  readonly window: { readonly span: Span; readonly counts: Counted } | null;
  readonly limit: number;
  /** Taken since the turn before, less what came back; of a window. */
  readonly delta: number;
  /** Held now; of slots. */
  readonly inUse: number;
  /** The smallest that somebody waits for; 0: nobody. */
  readonly least: number;
  readonly want: number;
  /** Of what it was lent before, it may take so much before it is answered. */
  readonly keep: number;
}

/** What an instance was told last, for a store that has lost it. */
export interface KnownCounts {
  readonly day: SpanTotals;
  readonly month: SpanTotals;
  readonly taken: Readonly<Record<string, number>>;
}

export interface SpanTotals extends UseAmounts {
  readonly endsAt: number;
}

export interface Turn {
  /** Unique among all instances that ever live. */
  readonly instance: string;
  /** From 1 without gaps; one that was not answered is sent again under its number, and counted once. */
  readonly number: number;
  /** As the store called its count when it answered last; null: nothing is known of it. */
  readonly generation: number | null;
  /** Really used since the turn before. */
  readonly used: UseAmounts;
  readonly asks: readonly LeaseAsk[];
  /** Told to a store that did not know this instance any more. */
  readonly known: KnownCounts | null;
  /** It goes, and gives back everything. */
  readonly isLast: boolean;
}

export interface LeaseGrant {
  readonly amount: number;
  readonly free: number;
  readonly lent: number;
  readonly taken: number;
  readonly share: number | null;
}

export type TurnReply =
  | {
      readonly kind: "told";
      readonly generation: number;
      readonly now: number;
      readonly day: SpanTotals;
      readonly month: SpanTotals;
      /** In the order of the asks. */
      readonly grants: readonly LeaseGrant[];
    }
  /** Nothing was done: tell what is known first. */
  | { readonly kind: "unknown" }
  /** Everything of the tenant has been erased since. */
  | { readonly kind: "erased" };

export interface TenantLeases {
  /** @throws Error when the store does not answer. */
  turn(tenant: string, turn: Turn): Promise<TurnReply>;
  /** Others wait for something of this tenant, or there is something again; returns how to end that. */
  listen(instance: string, onCalled: (tenant: string) => void): () => void;
}
