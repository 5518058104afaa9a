/** Tenant meters: slots and quotas of each tenant. They stay while it changes: running calls hold parts of them. */
import type { TenantConfig } from "../../config/config.ts";
import { FixedWindow } from "../../core/meter/fixed-window.ts";
import { type Meter, MICRO_UNITS } from "../../core/meter/meter.ts";
import { Slots } from "../../core/meter/slots.ts";
import { QUOTA_KINDS, type QuotaName, type Span } from "../../core/quota/quota-kind.ts";
import { QuotaLevels } from "../../core/quota/quota-levels.ts";
import type { TenantUse } from "../../core/quota/tenant-use.ts";
import { UTC_ENDS } from "../../tenants/utc-spans.ts";

const DAY_MICROS = 86_400_000_000;
/** Only a mean supply follows from it: a window ends with its calendar month. */
const PER: Readonly<Record<Span, number>> = { day: DAY_MICROS, month: 30 * DAY_MICROS };

/** More of a quota until a time, microseconds since the epoch. */
export interface QuotaRaise {
  readonly quota: string;
  /** Whole units. */
  readonly amount: number;
  readonly until: number;
}

export interface Quota {
  readonly name: QuotaName;
  readonly meter: FixedWindow;
  readonly levels: QuotaLevels;
  /** Whole units, without a raise. */
  readonly amount: number;
  readonly raise: QuotaRaise | null;
}

export interface OwnMeters {
  readonly meters: readonly Meter[];
  readonly quotas: readonly Quota[];
}

interface Kept {
  readonly slots: Slots | null;
  readonly quotas: ReadonlyMap<QuotaName, Pick<Quota, "meter" | "levels">>;
}

const NONE: OwnMeters = { meters: [], quotas: [] };

export class TenantMeters {
  readonly #kept = new Map<string, Kept>();

  of(
    tenant: Pick<TenantConfig, "name" | "quotas" | "maxParallelRequests">,
    use: TenantUse,
    raises: readonly QuotaRaise[],
    now: number,
  ): OwnMeters {
    const { name, quotas: wanted, maxParallelRequests } = tenant;
    if (wanted.length === 0 && maxParallelRequests === null) {
      this.#kept.delete(name);
      return NONE;
    }
    const before = this.#kept.get(name);
    const slots =
      maxParallelRequests === null ? null : slotsOf(name, maxParallelRequests, before?.slots);
    const quotas = wanted.map(({ name: quota, amount }): Quota => {
      const raise = raises.find((one) => one.quota === quota && one.until > now) ?? null;
      const most = amount + (raise?.amount ?? 0);
      const known = before?.quotas.get(quota);
      const kept = known ?? quotaOf(name, quota, most, use, now);
      if (known) resize(known, most, quota, now);
      return { name: quota, ...kept, amount, raise };
    });
    const byName = new Map(
      quotas.map(({ name: quota, meter, levels }) => [quota, { meter, levels }]),
    );
    this.#kept.set(name, { slots, quotas: byName });
    const own = quotas.map(({ meter }) => meter);
    return { meters: slots === null ? own : [slots, ...own], quotas };
  }

  forget(tenant: string): void {
    this.#kept.delete(tenant);
  }
}

function slotsOf(tenant: string, amount: number, known: Slots | null | undefined): Slots {
  const capacity = amount * MICRO_UNITS;
  const label = { dimension: "concurrency", selector: `tenant:${tenant}` } as const;
  const slots = known ?? new Slots(label, capacity);
  slots.resize(capacity);
  return slots;
}

/** Less what has been used in this window already: before a restart, or before there was the quota. */
function quotaOf(tenant: string, name: QuotaName, amount: number, use: TenantUse, now: number) {
  const { counts, span } = QUOTA_KINDS[name];
  const meter = new FixedWindow({
    label: { dimension: counts, selector: `tenant:${tenant} ${name}` },
    capacity: capacityOf(amount),
    per: PER[span],
    windowEnd: UTC_ENDS[span],
    now,
    initialShare: 1,
  });
  meter.adjust(-use.micros(span, counts, now), now);
  return { meter, levels: new QuotaLevels() };
}

function resize(
  { meter, levels }: Pick<Quota, "meter" | "levels">,
  amount: number,
  name: QuotaName,
  now: number,
): void {
  const capacity = capacityOf(amount);
  if (capacity === meter.capacity) return;
  meter.resize(capacity, PER[QUOTA_KINDS[name].span], now);
  levels.forget();
}

function capacityOf(amount: number): number {
  return Math.round(amount * MICRO_UNITS);
}
