/** Tenancy: the tenants of a runtime at work: their directory, what they use, and the store that keeps it. */
import type { Config } from "../../config/config.ts";
import { type Clock, MICROS_PER_MS } from "../../core/clock.ts";
import type { Demand } from "../../core/demand.ts";
import type { Meter } from "../../core/meter/meter.ts";
import { toMicro } from "../../core/queue/tickets.ts";
import type { Price } from "../../core/quota/price.ts";
import { QUOTA_KINDS, type QuotaName } from "../../core/quota/quota-kind.ts";
import type { PriceTable } from "../../prices/price-table.ts";
import type { LateTenantStore } from "../../stores/tenants/late-tenant-store.ts";
import type { ChangedTenant, StoredRaise, TenantStore } from "../../stores/tenants/tenant-store.ts";
import type { LiveTenants, TenantCounts } from "../../tenants/live-tenants.ts";
import { TenantDirectory, type TenantRecord } from "../policy/tenant-directory.ts";
import { AlertBook } from "./alert-book.ts";
import { pricesOf } from "./prices-of.ts";
import { restoreUse } from "./restore-use.ts";
import { sectionsThatDiffer } from "./sections-that-differ.ts";
import type { Lessee } from "./shared/lessee.ts";
import { lesseeFor } from "./shared/lessee-for.ts";
import { AuditRetention, noteReload } from "./tenancy-audit.ts";
import { countsOf } from "./tenant-counts.ts";
import type { TenantLedger } from "./tenant-ledgers.ts";
import type { QuotaRaise } from "./tenant-meters.ts";
import { UseFlush } from "./use-flush.ts";
import { UseWatch } from "./use-watch.ts";

export interface TenancyOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly store: LateTenantStore;
  /** Its weight or its own meters are others now. */
  readonly onChanged: (tenant: string) => void;
  /** Its own meters may hold more than before. */
  readonly onFreed: (tenant: string) => void;
  /** A meter of its own, which others count too, has less than was thought. */
  readonly onDrained: (meter: Meter) => void;
  /** Its slots can no longer be renewed: they will be lent to other instances. */
  readonly onSlotsLost: (tenant: string) => void;
}

const TICK_MS = 1_000;

export class Tenancy implements LiveTenants {
  readonly directory: TenantDirectory;
  readonly alerts = new AlertBook();
  readonly store: LateTenantStore;
  readonly #options: TenancyOptions;
  readonly #flush = new UseFlush();
  /** Null: this instance counts by itself. */
  readonly #lessee: Lessee | null;
  readonly #watch: UseWatch;
  #config: Config;
  #prices: PriceTable;
  /** Tenants whose raises end by themselves. */
  readonly #raised = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #ticking: Promise<void> | null = null;
  /** What the store had when it was opened is known; the admin API may have opened it. */
  #isLoaded = false;
  #hasFailed = false;
  #stopWatching: () => void = nothing;
  readonly #retention = new AuditRetention();

  constructor(options: TenancyOptions) {
    this.#options = options;
    this.#config = options.config;
    this.store = options.store;
    this.#lessee = lesseeFor({
      ...options,
      leases: options.store.leases,
      useOf: (tenant) => this.directory.known.get(tenant)?.ledger.use ?? null,
      onErased: (tenant) => this.#forget(tenant),
      onFailed: (error) => this.#tellFailure(error),
    });
    this.directory = new TenantDirectory(
      options.config,
      () => options.clock.now(),
      this.#lessee && ((tenant, wishes) => this.#lessee?.metersOf(tenant, wishes) ?? []),
    );
    this.#watch = new UseWatch(this.alerts);
    this.#prices = pricesOf(options.config);
  }

  /** The store did what was asked of it last. */
  get isHealthy(): boolean {
    return !this.#hasFailed && this.#lessee?.isHealthy !== false;
  }

  /**
   * Opens the store if something is kept there already, or has to be; follows it from then on.
   *
   * @throws SluiceError `store_unavailable`, as a rejection, when it cannot be opened.
   */
  async start(): Promise<void> {
    if (this.store.exists || hasQuotas(this.#config)) await this.#open();
    this.#timer = setInterval(() => void this.tick(), TICK_MS).unref();
  }

  replace(config: Config): void {
    const changed = sectionsThatDiffer(this.#config, config);
    this.#config = config;
    this.#prices = pricesOf(config);
    this.directory.replace(config);
    if (this.store.opened === null && hasQuotas(config)) void this.tick();
    this.#noteReload(changed);
  }

  /** Null: unknown, so a quota of money does not see it. */
  priceOf(upstream: string, model: string | null): Price | null {
    return model === null ? null : this.#prices.priceOf(upstream, model);
  }

  /** A quota of money would want a price; told once a model. */
  missPrice(upstream: string, model: string): void {
    this.#watch.missPrice(upstream, model, this.#nowMs);
  }

  /** What a call has used in the end. */
  used(tenant: TenantRecord, used: Demand): void {
    if (used.requests === 0 && used.tokens === 0) return;
    const now = this.#options.clock.now();
    const { ledger } = tenant;
    ledger.use.add(used, now);
    if (this.directory.ledgers.isKnown(ledger)) this.#keep(ledger, used);
    this.#watch.look(tenant, used, this.#config.alerts, now);
  }

  async countsOf(tenant: string): Promise<TenantCounts> {
    await this.refresh(tenant);
    return countsOf(this.directory.named(tenant, null), this.#options.clock.now());
  }

  /** Learns what other instances have used of it, if it is one that they count, too. */
  async refresh(tenant: string): Promise<void> {
    if (this.directory.known.has(tenant)) await this.#lessee?.refresh(tenant);
  }

  async changed(tenant: string): Promise<void> {
    const store = this.store.opened;
    if (store !== null) await this.#reload(store, tenant);
  }

  async erased(tenant: string): Promise<void> {
    this.#forget(tenant);
    await this.changed(tenant);
  }

  async wasReset(tenant: string, quotas: readonly QuotaName[]): Promise<void> {
    const now = this.#options.clock.now();
    const { ledger, quotas: own } = this.directory.named(tenant, null);
    for (const { name, meter, levels } of own.filter((one) => quotas.includes(one.name))) {
      const { span, counts } = QUOTA_KINDS[name];
      meter.adjust(ledger.use.micros(span, counts, now), now);
      levels.forget();
      ledger.use.reset(span, counts);
    }
    this.#lessee?.call(tenant);
    this.#options.onFreed(tenant);
  }

  /** Once a second: writes what was used, and reads what other processes have changed. */
  tick(): Promise<void> {
    this.#ticking ??= this.#tickOnce().finally(() => {
      this.#ticking = null;
    });
    return this.#ticking;
  }

  async #tickOnce(): Promise<void> {
    try {
      await this.#work();
      this.#hasFailed = false;
    } catch (error) {
      this.#tellFailure(error);
    }
  }

  /** Writes what was used since the last second. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#stopWatching();
    await this.#ticking;
    await this.#lessee?.close();
    const store = this.store.opened;
    if (store === null) return;
    try {
      await this.#flush.writeTo(store, this.#options.clock.now());
    } catch (error) {
      this.#tellFailure(error);
    }
    await this.store.close();
  }

  get #nowMs(): number {
    return Math.floor(this.#options.clock.now() / MICROS_PER_MS);
  }

  async #work(): Promise<void> {
    const isNew = !this.#isLoaded && (this.store.opened !== null || this.#needsStore);
    const store = isNew ? await this.#open() : this.store.opened;
    this.#endRaises();
    if (store === null) return;
    // First what others have changed: of a tenant that was erased nothing is written any more.
    const changed = await store.changed();
    if (changed === "all") await this.#load(store);
    else for (const change of changed) await this.#take(store, change);
    await this.#flush.writeTo(store, this.#options.clock.now());
    await this.#retention.forgetOld(store, this.#config.retention.auditMs, this.#nowMs);
  }

  get #needsStore(): boolean {
    return this.store.exists || hasQuotas(this.#config);
  }

  async #open(): Promise<TenantStore> {
    const store = await this.store.open();
    const uses = await this.#load(store);
    this.#isLoaded = true;
    this.#stopWatching = store.watch(() => void this.tick());
    this.#lessee?.start();
    restoreUse(this.directory, uses, this.#options.clock.now());
    return store;
  }

  async #load(store: TenantStore) {
    const { tenants, raises, uses, hasHadKeys } = await store.load(this.#nowMs);
    if (hasHadKeys) this.directory.requireKeys();
    const byTenant = new Map<string, QuotaRaise[]>();
    for (const raise of raises) {
      const known = byTenant.get(raise.tenant) ?? [];
      byTenant.set(raise.tenant, [...known, raiseOf(raise)]);
      this.#raised.add(raise.tenant);
    }
    for (const id of this.directory.load(tenants, byTenant)) this.#options.onChanged(id);
    return uses;
  }

  async #take(store: TenantStore, { tenant, isErased }: ChangedTenant): Promise<void> {
    if (isErased) this.#forget(tenant);
    await this.#reload(store, tenant);
  }

  #forget(tenant: string): void {
    this.directory.forgetUse(tenant);
    this.#flush.forget(tenant);
    this.#lessee?.forget(tenant);
    this.alerts.forget(tenant);
  }

  async #reload(store: TenantStore, id: string): Promise<void> {
    const stored = await store.tenant(id);
    const raises = (await store.raisesOf(id)).map(raiseOf);
    this.#put(id, stored, raises);
  }

  #put(...tenant: Parameters<TenantDirectory["put"]>): void {
    const [id, , raises] = tenant;
    if (raises.length > 0) this.#raised.add(id);
    else this.#raised.delete(id);
    const { weightOrMeters } = this.directory.put(...tenant);
    if (weightOrMeters) this.#options.onChanged(id);
    this.#options.onFreed(id);
  }

  #keep(ledger: TenantLedger, { requests, tokens, usd }: Demand): void {
    if (this.#lessee === null) this.#flush.add(ledger);
    else {
      const usdMicros = usd === 0 ? 0 : toMicro(usd);
      this.#lessee.spend(ledger.id, { requests, tokens, usdMicros });
    }
  }

  #endRaises(): void {
    const now = this.#options.clock.now();
    for (const id of this.#raised) {
      const { quotas } = this.directory.named(id, null);
      const isOver = quotas.some(({ raise }) => raise !== null && raise.until <= now);
      if (isOver && this.directory.endRaises(id).length === 0) this.#raised.delete(id);
    }
  }

  #noteReload(changed: readonly string[]): void {
    const store = this.store.opened;
    if (store === null || changed.length === 0) return;
    noteReload(store, changed, this.#nowMs).catch((error: unknown) => this.#tellFailure(error));
  }

  #tellFailure(error: unknown): void {
    if (!this.#hasFailed) {
      const message = error instanceof Error ? error.message : String(error);
      this.alerts.tell({ kind: "store-failed", message }, this.#nowMs);
    }
    this.#hasFailed = true;
  }
}

function hasQuotas({ tenants }: Config): boolean {
  for (const { quotas } of tenants.values()) if (quotas.length > 0) return true;
  return false;
}

function nothing(): void {}

function raiseOf({ quota, amount, until }: StoredRaise): QuotaRaise {
  return { quota, amount, until: until * MICROS_PER_MS };
}
