/** Runtime: one configuration at work. It turns requests into calls, and keeps what lives through a reload. */
import { isDeepStrictEqual } from "node:util";
import type { Config, UpstreamConfig } from "../config/config.ts";
import { type Clock, MICROS_PER_MS } from "../core/clock.ts";
import type { Demand } from "../core/demand.ts";
import type { CallEnd, Forecast } from "../core/dialect.ts";
import { SluiceError } from "../core/errors.ts";
import type { Price } from "../core/quota/price.ts";
import { usedBy } from "../core/quota/used.ts";
import type { Task } from "../core/task.ts";
import type { Connection } from "../stores/redis/connection.ts";
import { type LateTenantStore, tenantsInMemory } from "../stores/tenants/late-tenant-store.ts";
import type { Account } from "./account/account.ts";
import type { Answer } from "./call/answer.ts";
import { Call } from "./call/call.ts";
import type { CallPlan } from "./call/call-plan.ts";
import { closedError, closingError } from "./call/refusals.ts";
import { RunningCalls } from "./call/running-calls.ts";
import { Classifier, type ClassifierCounts } from "./classify/classifier.ts";
import type { Classify } from "./classify/classify.ts";
import { httpClassify } from "./classify/http-classify.ts";
import type { CredentialMeans } from "./credential/create-authorizer.ts";
import { HealthWatch } from "./health-watch.ts";
import { LimitWatch } from "./limit-watch.ts";
import { Planner } from "./plan/planner.ts";
import type { RuntimeRequest } from "./plan/runtime-request.ts";
import { type BandTable, bandTable } from "./policy/bands.ts";
import { ChainMemory } from "./policy/chain-memory.ts";
import type { TaskClaims } from "./policy/task-claims.ts";
import { requireOpen, type TenantDirectory, type TenantRecord } from "./policy/tenant-directory.ts";
import { PressureWatch } from "./pressure-watch.ts";
import { ShadowMode } from "./shadow/shadow-mode.ts";
import type { ShadowPass } from "./shadow/shadow-pass.ts";
import { SharedStore } from "./shared-store.ts";
import type { AlertBody } from "./tenants/alert-book.ts";
import { Tenancy } from "./tenants/tenancy.ts";
import type { Transport } from "./transport/transport.ts";
import { Upstream } from "./upstream/upstream.ts";

export interface RuntimeOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly transport: Transport;
  /** 0 to 1, for the jitter of retries. */
  readonly random: () => number;
  /** Share of every meter that is available at the start, 0 to 1: less than 1 after others used the account. */
  readonly initialShare: number;
  /** Opens the Redis that instances share. @default by its URL */
  readonly connect?: (url: string) => Connection;
  /** Where tenants of the admin API and what tenants have used are kept. @default this process */
  readonly tenants?: LateTenantStore;
  /** Recognises what a smaller model suits, in the place of `classifier.url`. @default none */
  readonly classify?: Classify;
}

/** A token endpoint gave no token: calls to this upstream are refused until it does. */
export interface CredentialFailedEvent {
  readonly upstream: string;
  /** Says what the endpoint answered, without any secret. */
  readonly message: string;
}

export class Runtime {
  readonly clock: Clock;
  readonly tenancy: Tenancy;
  readonly upstreams = new Map<string, Upstream>();
  readonly pressure = new PressureWatch();
  readonly limits = new LimitWatch();
  readonly shadow: ShadowMode;
  /** Null: everything is of this process alone. */
  readonly store: SharedStore | null;
  onCredentialFailed: (event: CredentialFailedEvent) => void = () => {};
  readonly #chains: ChainMemory;
  readonly #planner: Planner;
  readonly #health: HealthWatch;
  /** Upstreams that a reload has taken out: they take nothing new, but who waits there is still served. */
  readonly #removed = new Map<string, Upstream>();
  readonly #closing = new AbortController();
  readonly #credentials: CredentialMeans;
  readonly #options: RuntimeOptions;
  #config: Config;
  #bands: BandTable;
  #classifier: Classifier | null;
  #bytesHeld = 0;
  readonly #calls = new RunningCalls();
  /** Claims above what a tenant may have, by tenant. */
  #claimsLowered = 0;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.#config = options.config;
    this.#bands = bandTable(options.config);
    this.#classifier = this.#classifierOf(options.config);
    this.shadow = new ShadowMode(options.clock);
    this.#chains = new ChainMemory(options.clock);
    this.tenancy = new Tenancy({
      config: options.config,
      clock: options.clock,
      store: options.tenants ?? tenantsInMemory(),
      onChanged: (id) => {
        for (const account of [...this.accounts, ...this.#twins]) account.tenantChanged(id);
      },
      onFreed: (id) => this.#tenantFreed(id),
      onDrained: (meter) => {
        for (const account of this.accounts) account.tenantDrained(meter);
      },
      onSlotsLost: (id) => this.#calls.loseSlotsOf(id, this.#config.store),
    });
    const tell = (alert: AlertBody) =>
      this.tenancy.alerts.tell(alert, this.clock.now() / MICROS_PER_MS);
    this.#health = new HealthWatch({
      onBreaker: (event) => tell({ kind: "breaker", ...event }),
      onStopped: (event) => tell({ kind: "stopped", ...event }),
    });
    const { store } = options.config;
    this.store =
      store.kind === "redis"
        ? new SharedStore(store, (event) => tell({ kind: "store", ...event }), options.connect)
        : null;
    this.#planner = new Planner({
      upstreams: this.upstreams,
      config: () => this.#config,
      now: () => this.clock.now(),
      bandOf: (tier, { latency }) => this.#bands.indexOf(tier, latency),
      classifier: () => this.#classifier,
      shadowOf: (...asked) => this.shadowOf(...asked),
      tenancy: this.tenancy,
      usedBy: (...asked) => this.usedBy(...asked),
    });
    this.#credentials = {
      transport: options.transport,
      clock: options.clock,
      random: options.random,
      wallMs: Date.now,
      closing: this.#closing.signal,
      mostWaiting: () => this.#config.policy.queue.maxWaiting,
      onFailed: (upstream, message) => this.onCredentialFailed({ upstream, message }),
    };
    for (const upstream of options.config.upstreams.values()) this.#addUpstream(upstream);
  }

  get directory(): TenantDirectory {
    return this.tenancy.directory;
  }

  get config(): Config {
    return this.#config;
  }

  /** What became of the questions to a classifier of one's own; null: there is none. */
  get classifierCounts(): Readonly<ClassifierCounts> | null {
    return this.#classifier?.counts ?? null;
  }

  get bands(): BandTable {
    return this.#bands;
  }

  get claimsLowered(): number {
    return this.#claimsLowered;
  }

  /** Of all upstreams, the removed ones too. */
  get accounts(): readonly Account[] {
    return this.#everyUpstream.flatMap(({ accounts }) => accounts);
  }

  /** Requests and bytes that are in the house now. */
  get load(): { readonly waiting: number; readonly running: number; readonly bytes: number } {
    const { accounts } = this;
    const sum = (of: (account: Account) => number) =>
      accounts.reduce((total, account) => total + of(account), 0);
    return {
      waiting: sum(({ waiting }) => waiting),
      running: sum(({ running }) => running) + this.shadow.runningInAll,
      bytes: this.#bytesHeld,
    };
  }

  /**
   * Decides everything about a request that is decided before it queues.
   *
   * @throws SluiceError when the tenant may not do this, or the claims are malformed.
   */
  plan(request: RuntimeRequest): CallPlan {
    return this.#planner.plan(
      request,
      this.judge(request.claims, request.tenant, request.arrivedAt),
    );
  }

  /**
   * What a client says of its task, bounded by what its tenant may have.
   *
   * @throws SluiceError `max_wait_exceeded` when its deadline is over, `forbidden` when it is blocked.
   */
  judge(claims: TaskClaims, tenant: TenantRecord, now: number): Task {
    requireOpen(tenant);
    const { task, wasLowered } = this.#chains.judge(claims, tenant, this.#config, now);
    if (wasLowered) this.#claimsLowered++;
    if (task.deadlineMs === 0 && !this.#config.policy.shadow) {
      throw new SluiceError("max_wait_exceeded", "the deadline of this task is over");
    }
    return task;
  }

  /** What a call or slot has used in the end, told to the tenant's ledger. Keeps nothing of the request. */
  usedBy(tenant: TenantRecord, forecast: Forecast, price: Price | null): (end: CallEnd) => Demand {
    return (end) => {
      const used = usedBy(forecast, end, price);
      this.tenancy.used(tenant, used);
      return used;
    };
  }

  /** What asks in the account's stead while nothing is to be held back; null: the account itself. */
  shadowOf(upstream: Upstream, account: Account, tenant: TenantRecord): ShadowPass | null {
    return this.#config.policy.shadow ? this.shadow.pass(upstream, account, tenant) : null;
  }

  /** Sends a plan on its way; its answer is told to `answer`, in a later turn or in this one. */
  start(plan: CallPlan, answer: Answer): Call {
    const { transport, clock, random } = this.#options;
    const size = sizeOf(plan);
    const { maxBytes } = this.#config.policy.queue;
    if (this.#bytesHeld + size > maxBytes && this.#bytesHeld > 0) {
      throw new SluiceError(
        "queue_full",
        `requests of more than ${maxBytes} bytes are held already`,
        {
          details: { retryAfterMs: 1_000 },
        },
      );
    }
    this.#bytesHeld += size;
    const release = () => {
      this.#bytesHeld -= size;
      this.#calls.delete(call);
      this.#watchPressure(plan);
    };
    const call = new Call(plan, answer, { transport, clock, random, onEnded: release });
    this.#calls.add(call);
    call.start();
    return call;
  }

  /** Another configuration from now on: levels, waits and running calls are kept. */
  reconfigure(config: Config): void {
    const before = this.#config;
    this.#config = config;
    this.#planner.reconfigure(before);
    this.#bands = bandTable(config);
    if (!isDeepStrictEqual(before.classifier, config.classifier)) {
      this.#classifier = this.#classifierOf(config);
    }
    this.tenancy.replace(config);
    const known = new Map([...this.#removed, ...this.upstreams]);
    this.upstreams.clear();
    this.#removed.clear();
    // In the order in which they are written now: the first that speaks a format is its default.
    for (const next of config.upstreams.values()) {
      const upstream = known.get(next.name);
      if (upstream === undefined) this.#addUpstream(next);
      else this.#keep(upstream, next, this.upstreams);
      known.delete(next.name);
    }
    for (const removed of known.values()) this.#keep(removed, removed.config, this.#removed);
  }

  /** @throws SluiceError `upstream_unavailable` once it was closed. */
  requireOpen(): void {
    if (this.#closing.signal.aborted) throw closedError();
  }

  /**
   * Learns who its tenants are; one that cannot is closed.
   *
   * @throws SluiceError `store_unavailable`
   */
  async open(): Promise<void> {
    try {
      await this.tenancy.start();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(closingError());
    const closed = [...this.accounts, ...this.#twins].map((account) => account.close());
    this.shadow.close();
    await Promise.all(closed);
    this.store?.close();
    await this.tenancy.close();
    await this.#options.transport.close();
  }

  #classifierOf({ classifier }: Config): Classifier | null {
    const { clock, transport, classify: own } = this.#options;
    const classify =
      own ?? (classifier.kind === "http" ? httpClassify(classifier, { transport, clock }) : null);
    if (classify === null) return null;
    return new Classifier(classify, { ...classifier, clock, closing: this.#closing.signal });
  }

  #keep(upstream: Upstream, config: UpstreamConfig, among: Map<string, Upstream>): void {
    upstream.reconfigure(config, this.#bands);
    among.set(config.name, upstream);
  }

  #addUpstream(config: UpstreamConfig): void {
    const upstream = new Upstream(config, this.#bands, {
      clock: this.clock,
      initialShare: this.#options.initialShare,
      credentials: this.#credentials,
      onTenantFreed: (tenantId) => this.#tenantFreed(tenantId),
      tenantNow: (tenant) => this.directory.known.get(tenant.id) ?? tenant,
      onTwinTenantFreed: (tenantId) => {
        for (const twin of this.#twins) twin.tenantFreed(tenantId);
      },
      onLearned: (name, limits) => this.limits.learned(name, limits),
      onDifferences: (name, differences) => this.limits.differ(name, differences),
      health: this.#health,
      store: this.store,
    });
    this.upstreams.set(config.name, upstream);
  }

  #tenantFreed(tenantId: string): void {
    for (const account of this.accounts) account.tenantFreed(tenantId);
  }

  #watchPressure({ candidates: [first] }: CallPlan): void {
    const { upstream, account, target, shadow } = first;
    const levels = this.#config.policy.pressure;
    this.pressure.check(upstream, this.clock.now(), levels, () =>
      shadow === null ? account.pressureAt(account.pathFor(target)) : shadow.pressureFor(target),
    );
  }

  get #everyUpstream(): readonly Upstream[] {
    return [...this.upstreams.values(), ...this.#removed.values()];
  }

  get #twins(): readonly Account[] {
    return this.#everyUpstream.flatMap(({ twins }) => twins);
  }
}

function sizeOf({ candidates: [first] }: CallPlan): number {
  const { body } = first.outbound;
  return typeof body === "string" || body instanceof Uint8Array ? body.length : 0;
}
