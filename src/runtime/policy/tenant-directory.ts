/** Tenant directory: who a key belongs to, and what a tenant may do; secrets are known by their hash only. */
import { hash } from "node:crypto";
import type { Config, TenantConfig, TierConfig } from "../../config/config.ts";
import { MICRO_UNITS } from "../../core/meter/meter.ts";
import { Slots } from "../../core/meter/slots.ts";
import type { LatencyClass } from "../../core/task.ts";
import { matchesAny } from "../account/glob.ts";
import { lessUrgent } from "./less-urgent.ts";

/** Tenants that only a trusted header names are remembered up to this number. */
const REMEMBERED_STRANGERS = 20_000;

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
  /** Its own meters, shared by all upstreams. */
  readonly meters: readonly Slots[];
}

export class TenantDirectory {
  #config: Config;
  #version = 0;
  #byKey = new Map<string, TenantRecord>();
  #byId = new Map<string, TenantRecord>();
  #strangers = new Map<string, TenantRecord>();
  /** Kept across reloads: running calls hold slots in them. */
  readonly #slots = new Map<string, Slots>();

  constructor(config: Config) {
    this.#config = config;
    this.replace(config);
  }

  /** Counts the configurations, so that what was found in an older one is known to be old. */
  get version(): number {
    return this.#version;
  }

  replace(config: Config): void {
    this.#version++;
    this.#config = config;
    this.#byKey = new Map();
    this.#byId = new Map();
    this.#strangers = new Map();
    for (const tenant of config.tenants.values()) {
      const record = this.#record(tenant);
      this.#byId.set(record.id, record);
      for (const key of tenant.keys) this.#byKey.set(key, record);
    }
  }

  get hasKeys(): boolean {
    return this.#byKey.size > 0;
  }

  get standard(): TenantRecord {
    return this.named(this.#config.defaults.tenant, null);
  }

  /** Looking up the hash reveals nothing about the key, however long it takes. */
  withKey(secret: string): TenantRecord | null {
    return this.#byKey.get(keyHash(secret)) ?? null;
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
    };
  }

  #tier(name: string): TierConfig | undefined {
    return this.#config.tiers.get(name);
  }

  #record(tenant: TenantConfig): TenantRecord {
    const tier = this.#tier(tenant.tier) as TierConfig;
    return {
      id: tenant.name,
      tier,
      weight: tier.weight * tenant.weight,
      latencyMax: lessUrgent(tenant.latencyMax, tier.latencyMax),
      models: tenant.models,
      credentials: tenant.credentials,
      meters: this.#slotsOf(tenant),
    };
  }

  #slotsOf({ name, maxParallelRequests }: TenantConfig): readonly Slots[] {
    if (maxParallelRequests === null) {
      this.#slots.delete(name);
      return [];
    }
    const capacity = maxParallelRequests * MICRO_UNITS;
    const label = { dimension: "concurrency", selector: `tenant:${name}` } as const;
    const slots = this.#slots.get(name) ?? new Slots(label, capacity);
    slots.resize(capacity);
    this.#slots.set(name, slots);
    return [slots];
  }
}

export function keyHash(secret: string): string {
  return `sha256:${hash("sha256", secret, "hex")}`;
}

export function mayUseModel(tenant: TenantRecord, ...names: readonly string[]): boolean {
  return tenant.models === null || names.some((name) => matchesAny(tenant.models ?? [], name));
}
