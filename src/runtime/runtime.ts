/** Runtime: one configuration at work. It turns requests into calls, and keeps what lives through a reload. */
import { Readable } from "node:stream";
import type { Config, UpstreamConfig } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import type { CallEnd, Forecast, HeaderView, JsonObject, RequestView } from "../core/dialect.ts";
import { SluiceError } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import type { OutputKind } from "../tokens/output-predictor.ts";
import type { Account } from "./account/account.ts";
import type { Answer } from "./call/answer.ts";
import { Call } from "./call/call.ts";
import type { CallPlan } from "./call/call-plan.ts";
import { InputForecast, type InputQuestion } from "./forecast/input-forecast.ts";
import { OutputForecast } from "./forecast/output-forecast.ts";
import { LimitWatch } from "./limit-watch.ts";
import { type BandTable, bandTable } from "./policy/bands.ts";
import { ChainMemory } from "./policy/chain-memory.ts";
import { requireModel } from "./policy/require-model.ts";
import type { TaskClaims } from "./policy/task-claims.ts";
import { TenantDirectory, type TenantRecord } from "./policy/tenant-directory.ts";
import { PressureWatch } from "./pressure-watch.ts";
import { lacksUsage, outboundBody } from "./request/body.ts";
import { CREDENTIAL_HEADERS, headerText, outboundHeaders } from "./request/headers.ts";
import { requestId } from "./request/request-id.ts";
import { ShadowMode } from "./shadow/shadow-mode.ts";
import type { ShadowPass } from "./shadow/shadow-pass.ts";
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
}

/** A request with its tenant known and its body read. */
export interface RuntimeRequest {
  readonly method: string;
  readonly upstream: Upstream;
  /** Path and query below the upstream's base URL. */
  readonly path: string;
  readonly headers: HeaderView;
  readonly bytes: Uint8Array | string | Readable | null;
  /** The bytes as a JSON object; null: not parsed. */
  readonly body: JsonObject | null;
  readonly tenant: TenantRecord;
  readonly ownHeaders: ReadonlySet<string>;
  readonly clientCredential: string | null;
  readonly claims: TaskClaims;
  /** The name the client asked for, and what it is called upstream. */
  readonly model: { readonly asked: string; readonly sent: string } | null;
  /** When it arrived, microseconds since the epoch. */
  readonly arrivedAt: number;
}

export class Runtime {
  readonly clock: Clock;
  readonly directory: TenantDirectory;
  readonly upstreams = new Map<string, Upstream>();
  readonly pressure = new PressureWatch();
  readonly limits = new LimitWatch();
  readonly shadow: ShadowMode;
  readonly #chains: ChainMemory;
  readonly #inputs = new InputForecast();
  readonly #outputs = new OutputForecast();
  /** Upstreams that a reload has taken out: they take nothing new, but who waits there is still served. */
  readonly #removed = new Map<string, Upstream>();
  readonly #options: RuntimeOptions;
  #config: Config;
  #bands: BandTable;
  #bytesHeld = 0;
  /** Claims above what a tenant may have, by tenant. */
  #claimsLowered = 0;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.#config = options.config;
    this.#bands = bandTable(options.config);
    this.shadow = new ShadowMode(options.clock);
    this.#chains = new ChainMemory(options.clock);
    this.directory = new TenantDirectory(options.config);
    for (const upstream of options.config.upstreams.values()) this.#addUpstream(upstream);
  }

  get config(): Config {
    return this.#config;
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
      waiting: sum(({ scheduler }) => scheduler.waiting),
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
    const { upstream, tenant, model } = request;
    if (model !== null) requireModel(tenant, model.asked, model.sent);
    const task = this.judge(request.claims, tenant, request.arrivedAt);
    const credential = upstream.credentialFor(tenant);
    const address = upstream.addressOf(request.path);
    const view = viewOf(request, address.pathname);
    const operation = upstream.dialect.operation(view);
    const addsUsage =
      request.body !== null && this.#asksForUsage(upstream, address.pathname, request.body);
    const { policy, retry, server } = this.#config;
    const account = upstream.accountFor(request.clientCredential);
    const target = { model: model?.sent ?? operation.model, credential };
    const shadow = this.shadowOf(upstream, account, tenant);
    const kind = { tenant: tenant.id, taskType: task.type, model: target.model ?? "" };
    const asked = { dialect: upstream.dialect, request: view, operation };
    const input = this.#inputs.ask(upstream.name, kind.model);
    const forecast = this.#outputs.forecast({
      ...asked,
      kind,
      meters: [...account.pathFor(target).meters, ...tenant.meters],
      correctInput: input.correct,
    });
    return {
      id: requestId(),
      upstream: upstream.name,
      dialect: upstream.dialect,
      account,
      shadow,
      target,
      tenant,
      task,
      band: () => this.#bands.indexOf(tenant.tier.name, task.latency),
      operation,
      forecast,
      onSettled: this.#listenerFor(
        this.#outputs.learnsFrom(asked) ? kind : null,
        forecast,
        input,
        shadow,
      ),
      outbound: {
        method: request.method,
        origin: address.origin,
        path: address.path,
        headers: this.#headersFor(request, credential),
        body: bytesFor(request, addsUsage),
        firstByteMs: server.timeouts.firstByteMs,
      },
      ownsCredential: credential !== null,
      hidesUsageEvent: addsUsage,
      isRepeatable: isRepeatable(request, operation.retrySafe, upstream.config),
      upstreamMs: server.timeouts.upstreamMs,
      retry: { attempts: retry.attempts, baseMs: retry.baseMs },
      pressureLevels: policy.pressure,
      arrivedAt: request.arrivedAt,
    };
  }

  /**
   * What a client says of its task, bounded by what its tenant may have.
   *
   * @throws SluiceError `max_wait_exceeded` when its deadline is over.
   */
  judge(claims: TaskClaims, tenant: TenantRecord, now: number): Task {
    const { task, wasLowered } = this.#chains.judge(claims, tenant, this.#config, now);
    if (wasLowered) this.#claimsLowered++;
    if (task.deadlineMs === 0 && !this.#config.policy.shadow) {
      throw new SluiceError("max_wait_exceeded", "the deadline of this task is over");
    }
    return task;
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
      this.#watchPressure(plan);
    };
    const call = new Call(plan, answer, { transport, clock, random, onEnded: release });
    call.start();
    return call;
  }

  /** Another configuration from now on: levels, waits and running calls are kept. */
  reconfigure(config: Config): void {
    this.#config = config;
    this.#bands = bandTable(config);
    this.directory.replace(config);
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

  async close(): Promise<void> {
    for (const account of [...this.accounts, ...this.#twins]) account.close();
    this.shadow.close();
    await this.#options.transport.close();
  }

  #keep(upstream: Upstream, config: UpstreamConfig, among: Map<string, Upstream>): void {
    upstream.reconfigure(config, this.#bands);
    among.set(config.name, upstream);
  }

  #addUpstream(config: UpstreamConfig): void {
    const upstream = new Upstream(config, this.#bands, {
      clock: this.clock,
      initialShare: this.#options.initialShare,
      onTenantFreed: (tenantId) => {
        for (const account of this.accounts) account.tenantFreed(tenantId);
      },
      onTwinTenantFreed: (tenantId) => {
        for (const twin of this.#twins) twin.tenantFreed(tenantId);
      },
      onLearned: (name, limits) => this.limits.learned(name, limits),
      onDifferences: (name, differences) => this.limits.differ(name, differences),
    });
    this.upstreams.set(config.name, upstream);
  }

  /** Made apart from the plan, so that it keeps nothing of the request alive. */
  #listenerFor(
    kind: OutputKind | null,
    forecast: Forecast,
    input: InputQuestion,
    shadow: ShadowPass | null,
  ) {
    return (end: CallEnd) => {
      input.learn(end);
      if (kind !== null) this.#outputs.learn(kind, forecast, end);
      shadow?.ended(end);
    };
  }

  #watchPressure({ upstream, account, target, shadow }: CallPlan): void {
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

  #asksForUsage(upstream: Upstream, pathname: string, body: JsonObject): boolean {
    return upstream.dialect.streamsUsageOnRequest && lacksUsage(pathname, body);
  }

  #headersFor(
    request: RuntimeRequest,
    credential: ReturnType<Upstream["credentialFor"]>,
  ): Record<string, string | string[]> {
    const withheld = credential === null ? request.ownHeaders : ALL_CREDENTIALS;
    return outboundHeaders(request.headers, {
      withheld,
      added: request.upstream.addedHeaders(credential),
      isRead: request.body !== null,
      keepsLength: request.bytes instanceof Readable,
    });
  }
}

const ALL_CREDENTIALS: ReadonlySet<string> = new Set(CREDENTIAL_HEADERS);

function viewOf({ method, headers, body, bytes }: RuntimeRequest, pathname: string): RequestView {
  const bodyBytes = typeof bytes === "string" || bytes instanceof Uint8Array ? bytes.length : 0;
  return { method, path: pathname, headers, body, bodyBytes };
}

function bytesFor(request: RuntimeRequest, addsUsage: boolean): RuntimeRequest["bytes"] {
  const { bytes, body, model } = request;
  if (body === null || !(typeof bytes === "string" || bytes instanceof Uint8Array)) return bytes;
  const renamed = model !== null && model.sent !== model.asked ? model.sent : null;
  return outboundBody(bytes, body, { model: renamed, addsUsage });
}

const REPEATABLE_METHODS = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]);

function isRepeatable(
  { method, headers }: RuntimeRequest,
  isSafe: boolean,
  { retryUnsafe }: UpstreamConfig,
): boolean {
  const hasKey = headerText(headers, "idempotency-key") !== undefined;
  return isSafe || retryUnsafe || hasKey || REPEATABLE_METHODS.has(method);
}

function sizeOf({ outbound }: CallPlan): number {
  const { body } = outbound;
  return typeof body === "string" || body instanceof Uint8Array ? body.length : 0;
}
