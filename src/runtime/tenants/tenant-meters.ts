/** Tenant meters: slots and quotas of each tenant. They stay while it changes: running calls hold parts of them. */
import type { TenantConfig } from "../../config/config.ts";
import { FixedWindow } from "../../core/meter/fixed-window.ts";
import type { LeasedMeter } from "../../core/meter/leased-meter.ts";
import { type Meter, type MeterLabel, MICRO_UNITS } from "../../core/meter/meter.ts";
import { Slots } from "../../core/meter/slots.ts";
import {
  QUOTA_KINDS,
  type QuotaKind,
  type QuotaName,
  type Span,
} from "../../core/quota/quota-kind.ts";
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
  readonly meter: Meter;
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

/** What a meter counts that other instances count, too. */
export interface SharedMeterWish {
  /** A quota's name, or `slots`. */
  readonly name: string;
  /** Null: slots. */
  readonly window: QuotaKind | null;
  readonly label: MeterLabel;
  readonly capacity: number;
  readonly per: number | null;
}

/** The meters that a tenant has now, in the order of the wishes; those of before by their names. */
export type SharedMeters = (
  tenant: string,
  wishes: readonly SharedMeterWish[],
) => readonly LeasedMeter[];

const NONE: OwnMeters = { meters: [], quotas: [] };

export class TenantMeters {
  readonly #kept = new Map<string, Kept>();
  readonly #shared: SharedMeters | null;

  /** `shared` null: this instance counts by itself. */
  constructor(shared: SharedMeters | null = null) {
    this.#shared = shared;
  }

  of(
    tenant: Pick<TenantConfig, "name" | "quotas" | "maxParallelRequests">,
    use: TenantUse,
    raises: readonly QuotaRaise[],
    now: number,
  ): OwnMeters {
    if (this.#shared !== null) return this.#sharedOf(tenant, raises, now, this.#shared);
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
    this.#shared?.(tenant, []);
  }

  #sharedOf(
    { name, quotas: wanted, maxParallelRequests }: Parameters<TenantMeters["of"]>[0],
    raises: readonly QuotaRaise[],
    now: number,
    shared: SharedMeters,
  ): OwnMeters {
    const raised = wanted.map(({ name: quota, amount }) => {
      const raise = raises.find((one) => one.quota === quota && one.until > now) ?? null;
      return { name: quota, amount, raise };
    });
    const slots = maxParallelRequests === null ? [] : [slotsWish(name, maxParallelRequests)];
    const meters = shared(name, [...slots, ...raised.map((one) => quotaWish(name, one))]);
    const before = this.#kept.get(name)?.quotas;
    const quotas = raised.map((one, i): Quota => {
      const meter = meters[slots.length + i];
      const known = before?.get(one.name);
      return { ...one, meter, levels: known?.meter === meter ? known.levels : new QuotaLevels() };
    });
    this.#kept.set(name, { slots: null, quotas: new Map(quotas.map((one) => [one.name, one])) });
    return { meters, quotas };
  }
}

function slotsWish(tenant: string, amount: number): SharedMeterWish {
  const label = slotsLabel(tenant);
  return { name: "slots", window: null, label, capacity: amount * MICRO_UNITS, per: null };
}

function quotaWish(
  tenant: string,
  { name, amount, raise }: Pick<Quota, "name" | "amount" | "raise">,
): SharedMeterWish {
  const window = QUOTA_KINDS[name];
  const label = quotaLabel(tenant, name);
  const capacity = capacityOf(amount + (raise?.amount ?? 0));
  return { name, window, label, capacity, per: PER[window.span] };
}

function slotsLabel(tenant: string): MeterLabel {
  return { dimension: "concurrency", selector: `tenant:${tenant}` };
}

function quotaLabel(tenant: string, name: QuotaName): MeterLabel {
  return { dimension: QUOTA_KINDS[name].counts, selector: `tenant:${tenant} ${name}` };
}

function slotsOf(tenant: string, amount: number, known: Slots | null | undefined): Slots {
  const capacity = amount * MICRO_UNITS;
  const slots = known ?? new Slots(slotsLabel(tenant), capacity);
  slots.resize(capacity);
  return slots;
}

/** Less what has been used in this window already: before a restart, or before there was the quota. */
function quotaOf(tenant: string, name: QuotaName, amount: number, use: TenantUse, now: number) {
  const { counts, span } = QUOTA_KINDS[name];
  const meter = new FixedWindow({
    label: quotaLabel(tenant, name),
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
