/** Tenant directory: who a key belongs to, and what a tenant may do; secrets are known by their hash only. */
import { hash } from "node:crypto";
import { type TenantSettings, tenantFrom } from "../../config/check/tenant-settings.ts";
import type { Config, TenantConfig, TierConfig } from "../../config/config.ts";
import { SluiceError } from "../../core/errors.ts";
import type { Meter } from "../../core/meter/meter.ts";
import type { LatencyClass } from "../../core/task.ts";
import type { StoredTenant } from "../../stores/tenants/tenant-store.ts";
import { matchesAny } from "../account/glob.ts";
import { type TenantLedger, TenantLedgers } from "../tenants/tenant-ledgers.ts";
import {
  type Quota,
  type QuotaRaise,
  type SharedMeters,
  TenantMeters,
} from "../tenants/tenant-meters.ts";
import { KeyRing } from "./key-ring.ts";
import { lessUrgent } from "./less-urgent.ts";

/** Tenants that only a trusted header names are remembered up to this number. */
const REMEMBERED_STRANGERS = 20_000;

const MICROS_PER_MS = 1_000;
const NO_RAISES: readonly QuotaRaise[] = [];

export interface TenantRecord {
  readonly id: string;
  readonly tier: TierConfig;
  /** Tier weight x tenant weight. */
  readonly weight: number;
  /** Most urgent class it may claim: its own bound and its tier's. */
  readonly latencyMax: LatencyClass;
  /** Null: all. */
  readonly models: readonly string[] | null;
  readonly credentials: readonly string[] | null;
  /** Its own slots and quotas, shared by all upstreams. */
  readonly meters: readonly Meter[];
  readonly quotas: readonly Quota[];
  /** One of its quotas is of money. */
  readonly countsMoney: boolean;
  readonly isBlocked: boolean;
  readonly ledger: TenantLedger;
}

/** Who has a key, and until when, microseconds since the epoch. */
export interface KeyHolder {
  readonly tenant: TenantRecord;
  readonly validUntil: number;
}

/** What makes accounts look at a tenant again. */
export interface TenantDifference {
  readonly weightOrMeters: boolean;
}

export class TenantDirectory {
  readonly ledgers: TenantLedgers;
  readonly #now: () => number;
  readonly #meters: TenantMeters;
  #config: Config;
  #version = 0;
  readonly #keys = new KeyRing();
  #byId = new Map<string, TenantRecord>();
  #strangers = new Map<string, TenantRecord>();
  /** Made through the admin API; those that the file has too are hidden by it. */
  #stored = new Map<string, StoredTenant>();
  #raises = new Map<string, readonly QuotaRaise[]>();
  #hasHadKeys = false;

  /** `now` in microseconds since the epoch; `shared`: meters that other instances count, too. */
  constructor(
    config: Config,
    now: () => number = () => Date.now() * MICROS_PER_MS,
    shared: SharedMeters | null = null,
  ) {
    this.#meters = new TenantMeters(shared);
    this.#config = config;
    this.#now = now;
    this.ledgers = new TenantLedgers(now);
    this.replace(config);
  }

  /** Counts what was changed, so that what was found before is known to be old. */
  get version(): number {
    return this.#version;
  }

  now(): number {
    return this.#now();
  }

  /** Another file; tenants of the admin API stay. */
  replace(config: Config): void {
    this.#version++;
    this.#config = config;
    const before = this.#byId;
    this.#keys.clear();
    this.#byId = new Map();
    this.#strangers = new Map();
    for (const tenant of config.tenants.values()) this.#enterFromFile(tenant);
    for (const stored of this.#stored.values()) this.#enterStored(stored);
    for (const id of before.keys()) if (!this.#byId.has(id)) this.#release(id);
  }

  /** All that the store has; tells whose weight or meters are others now. */
  load(
    tenants: readonly StoredTenant[],
    raises: ReadonlyMap<string, readonly QuotaRaise[]>,
  ): readonly string[] {
    const before = this.#byId;
    this.#stored = new Map(tenants.map((tenant) => [tenant.id, tenant]));
    this.#raises = new Map(raises);
    this.replace(this.#config);
    const isOther = ([id, record]: [string, TenantRecord]) => differ(record, this.#byId.get(id));
    return [...before].filter(isOther).map(([id]) => id);
  }

  /** There has been a key: without one nobody comes in any more, although none may be left. */
  requireKeys(): void {
    this.#hasHadKeys = true;
  }

  /** One tenant as the store has it now; null: it has gone from there. */
  put(id: string, stored: StoredTenant | null, raises: readonly QuotaRaise[]): TenantDifference {
    const before = this.#byId.get(id);
    this.#version++;
    this.#leave(id);
    if (raises.length > 0) this.#raises.set(id, raises);
    if (stored !== null) this.#stored.set(id, stored);
    const inFile = this.#config.tenants.get(id);
    if (inFile !== undefined) this.#enterFromFile(inFile);
    else if (stored !== null) this.#enterStored(stored);
    else this.#release(id);
    return { weightOrMeters: before !== undefined && differ(before, this.#byId.get(id)) };
  }

  /** Takes back what its quotas were raised by, where the time for that is over. */
  endRaises(id: string): readonly QuotaRaise[] {
    const left = (this.#raises.get(id) ?? NO_RAISES).filter(({ until }) => until > this.#now());
    this.put(id, this.#stored.get(id) ?? null, left);
    return left;
  }

  /** Everything that is known of what it has used. */
  forgetUse(id: string): void {
    this.ledgers.forget(id);
    this.#meters.forget(id);
  }

  get hasKeys(): boolean {
    return this.#hasHadKeys || this.#keys.size > 0;
  }

  get standard(): TenantRecord {
    return this.named(this.#config.defaults.tenant, null);
  }

  /** Of the file and of the admin API. */
  get known(): ReadonlyMap<string, TenantRecord> {
    return this.#byId;
  }

  /** Looking up the hash reveals nothing about the key, however long it takes. */
  withKey(secret: string): KeyHolder | null {
    const held = this.#keys.holder(keyHash(secret), this.#now());
    if (held === null) return null;
    const tenant = this.#byId.get(held.tenant);
    return tenant === undefined ? null : { tenant, validUntil: held.validUntil };
  }

  /** A tenant by a name that is trusted; unknown ones take `tier`, or the default tier. */
  named(id: string, tier: string | null): TenantRecord {
    const known = this.#byId.get(id);
    if (known) return known;
    const key = `${id}|${tier ?? ""}`;
    const stranger = this.#strangers.get(key) ?? this.#stranger(id, tier);
    this.#strangers.set(key, stranger);
    return stranger;
  }

  #stranger(id: string, tier: string | null): TenantRecord {
    if (this.#strangers.size >= REMEMBERED_STRANGERS) {
      const oldest = this.#strangers.keys().next().value;
      if (oldest !== undefined) this.#strangers.delete(oldest);
    }
    const config = this.#tier(tier ?? "") ?? (this.#tier(this.#config.defaults.tier) as TierConfig);
    return {
      id,
      tier: config,
      weight: config.weight,
      latencyMax: config.latencyMax,
      models: null,
      credentials: null,
      meters: [],
      quotas: [],
      countsMoney: false,
      isBlocked: false,
      ledger: this.ledgers.other(id),
    };
  }

  #tier(name: string): TierConfig | undefined {
    return this.#config.tiers.get(name);
  }

  #enterFromFile(tenant: TenantConfig): void {
    this.#enter(tenant, false);
    for (const key of tenant.keys) this.#keys.add(key, tenant.name, null);
  }

  #enterStored(stored: StoredTenant): void {
    const { id, keys, isBlocked } = stored;
    if (keys.length > 0) this.#hasHadKeys = true;
    if (this.#config.tenants.has(id)) return;
    const settings = stored.settings as unknown as TenantSettings;
    this.#enter(tenantFrom(id, settings, this.#config), isBlocked);
    for (const { hash: key, expiresAt, revokedAt } of keys) {
      if (revokedAt === null) this.#keys.add(key, id, expiresAt);
    }
  }

  #enter(tenant: TenantConfig, isBlocked: boolean): void {
    const { name: id } = tenant;
    const tier = this.#tier(tenant.tier) as TierConfig;
    const ledger = this.ledgers.known(id);
    const raises = this.#raises.get(id) ?? NO_RAISES;
    const { meters, quotas } = this.#meters.of(tenant, ledger.use, raises, this.#now());
    this.#byId.set(id, {
      id,
      tier,
      weight: tier.weight * tenant.weight,
      latencyMax: lessUrgent(tenant.latencyMax, tier.latencyMax),
      models: tenant.models,
      credentials: tenant.credentials,
      meters,
      quotas,
      countsMoney: quotas.some(({ meter }) => meter.label.dimension === "usd"),
      isBlocked,
      ledger,
    });
  }

  #leave(id: string): void {
    for (const { hash: key } of this.#stored.get(id)?.keys ?? []) this.#keys.remove(key, id);
    this.#stored.delete(id);
    this.#raises.delete(id);
  }

  #release(id: string): void {
    this.#byId.delete(id);
    this.#meters.forget(id);
    this.ledgers.release(id);
  }
}

function differ(before: TenantRecord, after: TenantRecord | undefined): boolean {
  if (after === undefined || before.weight !== after.weight) return true;
  const { meters } = after;
  return (
    meters.length !== before.meters.length || meters.some((one, i) => one !== before.meters[i])
  );
}

export function keyHash(secret: string): string {
  return `sha256:${hash("sha256", secret, "hex")}`;
}

export function mayUseModel(tenant: TenantRecord, ...names: readonly string[]): boolean {
  return tenant.models === null || names.some((name) => matchesAny(tenant.models ?? [], name));
}

/** @throws SluiceError `forbidden` while an administrator has blocked it. */
export function requireOpen({ id, isBlocked }: TenantRecord): void {
  if (isBlocked) throw new SluiceError("forbidden", `tenant ${id} is blocked by an administrator`);
}
