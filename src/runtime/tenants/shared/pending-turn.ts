/** Pending turn: what was told of a tenant's meters and is not answered yet; told again, it is the same. */
import type { LeasedMeter, LeaseNeeds } from "../../../core/meter/leased-meter.ts";
import type { UseAmounts } from "../../../core/quota/tenant-use.ts";
import type { KnownCounts, LeaseAsk } from "../../../stores/tenants/tenant-leases.ts";

export interface SharedMeter {
  readonly name: string;
  readonly window: LeaseAsk["window"];
  readonly meter: LeasedMeter;
}

export interface PendingTurn {
  readonly used: UseAmounts;
  readonly needs: readonly Needed[];
}

export interface Needed extends LeaseNeeds {
  readonly shared: SharedMeter;
}

const NO_TOTALS = { endsAt: 0, requests: 0, tokens: 0, usdMicros: 0 };
export const NOTHING_KNOWN: KnownCounts = { day: NO_TOTALS, month: NO_TOTALS, taken: {} };

export function askOf({ shared, untold: delta, ...needed }: Needed): LeaseAsk {
  const { name, window, meter } = shared;
  return { name, window, limit: meter.capacity, delta, ...needed };
}

/** What was told stays as it was; what is needed may be more by now. */
export function merged(told: Needed, now: LeaseNeeds): Needed {
  const least = told.least === 0 ? now.least : Math.min(told.least, now.least || told.least);
  const want = Math.max(told.want, now.want);
  return { ...told, inUse: now.inUse, least, want };
}
