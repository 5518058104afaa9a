/** Lessee for: the lessee of a runtime whose store counts for several instances. */
import type { Clock } from "../../../core/clock.ts";
import type { Meter } from "../../../core/meter/meter.ts";
import type { TenantUse } from "../../../core/quota/tenant-use.ts";
import type { TenantLeases } from "../../../stores/tenants/tenant-leases.ts";
import { Lessee } from "./lessee.ts";

export interface LesseeMeans {
  /** Null: this instance counts by itself. */
  readonly leases: TenantLeases | null;
  readonly clock: Clock;
  /** Null: the tenant is in no file and no store. */
  readonly useOf: (tenant: string) => TenantUse | null;
  readonly onFreed: (tenant: string) => void;
  readonly onDrained: (meter: Meter) => void;
  readonly onSlotsLost: (tenant: string) => void;
  readonly onErased: (tenant: string) => void;
  readonly onFailed: (error: unknown) => void;
}

export function lesseeFor(means: LesseeMeans): Lessee | null {
  const { leases, clock, useOf, onFreed, onDrained, onSlotsLost, onErased, onFailed } = means;
  if (leases === null) return null;
  return new Lessee({
    leases,
    clock,
    onTold: (tenant, { day, month }, untold) => {
      const use = useOf(tenant);
      use?.know({ span: "day", ...day }, untold, clock.now());
      use?.know({ span: "month", ...month }, untold, clock.now());
    },
    onChanged: (tenant, drained) => {
      for (const meter of drained) onDrained(meter);
      onFreed(tenant);
    },
    onLost: onSlotsLost,
    onErased,
    onFailed,
  });
}
