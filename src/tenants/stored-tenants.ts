/** Stored tenants: a tenant's counts by the store alone, for a command line without a gateway: a second behind. */
import { type TenantSettings, tenantFrom } from "../config/check/tenant-settings.ts";
import type { Config, TenantConfig } from "../config/config.ts";
import { QUOTA_KINDS, type Span } from "../core/quota/quota-kind.ts";
import type { LateTenantStore } from "../stores/tenants/late-tenant-store.ts";
import type { StoredUse, TenantStore } from "../stores/tenants/tenant-store.ts";
import type { LiveTenants, QuotaState, TenantCounts, UseView } from "./live-tenants.ts";
import { UTC_ENDS } from "./utc-spans.ts";

const MICROS = 1_000_000;
const MICROS_PER_MS = 1_000;

export class StoredTenants implements LiveTenants {
  readonly #config: Config;
  readonly #store: LateTenantStore;
  readonly #now: () => number;

  /** `now` in milliseconds since the epoch. */
  constructor(config: Config, store: LateTenantStore, now: () => number) {
    this.#config = config;
    this.#store = store;
    this.#now = now;
  }

  async countsOf(id: string): Promise<TenantCounts> {
    const now = this.#now();
    const store = await this.#store.openIfKept();
    const tenant = this.#config.tenants.get(id) ?? (await this.#stored(store, id));
    const uses = (await store?.usesOf(id, now)) ?? [];
    const raises = ((await store?.raisesOf(id)) ?? []).filter(({ until }) => until > now);
    const use = { day: useIn(uses, "day", now), month: useIn(uses, "month", now) };
    const states = (tenant?.quotas ?? []).map(({ name, amount }) => {
      const { span, counts } = QUOTA_KINDS[name];
      const raise = raises.find(({ quota }) => quota === name) ?? null;
      const limit = amount + (raise?.amount ?? 0);
      const { resetsAt } = use[span];
      const used = use[span][counts];
      const remaining = Math.max(0, limit - used);
      return [name, { limit, used, remaining, resetsAt, raise } satisfies QuotaState] as const;
    });
    return { quotas: Object.fromEntries(states), use };
  }

  /** A gateway that runs finds out by itself. */
  async changed(): Promise<void> {}

  async erased(): Promise<void> {}

  async wasReset(): Promise<void> {}

  async #stored(store: TenantStore | null, id: string): Promise<TenantConfig | null> {
    const stored = await store?.tenant(id);
    if (!stored) return null;
    return tenantFrom(id, stored.settings as unknown as TenantSettings, this.#config);
  }
}

function useIn(uses: readonly StoredUse[], span: Span, now: number): UseView {
  const use = uses.find((one) => one.span === span);
  return {
    requests: use?.requests ?? 0,
    tokens: use?.tokens ?? 0,
    usd: (use?.usdMicros ?? 0) / MICROS,
    resetsAt: UTC_ENDS[span](now * MICROS_PER_MS) / MICROS_PER_MS,
  };
}
