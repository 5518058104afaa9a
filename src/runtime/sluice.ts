/** Sluice: the library's face over one runtime. */
import { EventEmitter } from "node:events";
import { type Loaded, loadConfig } from "../config/load.ts";
import { describeProblem } from "../config/problem.ts";
import type { Clock } from "../core/clock.ts";
import { SluiceError } from "../core/errors.ts";
import { tenantPlace } from "../tenants/tenant-place.ts";
import { checkTaskOptions } from "./check-task-options.ts";
import type { Classify } from "./classify/classify.ts";
import { createFetch } from "./fetch.ts";
import type { BreakerEvent, StoppedEvent } from "./health-watch.ts";
import type { LimitDiffersEvent, LimitLearnedEvent } from "./limit-watch.ts";
import type { PressureEvent } from "./pressure-watch.ts";
import { type CredentialFailedEvent, Runtime } from "./runtime.ts";
import type { ShadowEvent } from "./shadow/shadow-mode.ts";
import type { StoreEvent } from "./shared-store.ts";
import { acquireSlot, type Slot, type SlotDemand } from "./slot.ts";
import { createSystemClock } from "./system-clock.ts";
import { claimsOf, runTask, type TaskOptions, taskWith } from "./task-context.ts";
import type {
  PriceUnknownEvent,
  QuotaEvent,
  RunawayEvent,
  StoreFailedEvent,
} from "./tenants/alert-book.ts";
import { createFetchTransport, type Fetch } from "./transport/fetch-transport.ts";

export interface SluiceOptions {
  /** Path of a YAML or JSON file, or an object of the same shape. */
  readonly config: string | Readonly<Record<string, unknown>>;
  /** Replaces `${NAME}` in the configuration. @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What `fetch` does with hosts that no upstream covers. @default "error" */
  readonly unmatched?: "error" | "pass";
  /** What requests are sent with. @default globalThis.fetch */
  readonly fetch?: Fetch;
  /** Share of every meter available at the start, 0 to 1: less after others used the account. @default 1 */
  readonly initialLevel?: number;
  /** @default the system's */
  readonly clock?: Clock;
  /** 0 to 1, for the jitter of retries. @default Math.random */
  readonly random?: () => number;
  /**
   * Says under pressure whether a smaller model of the alias may do a request, in the place of
   * `classifier.url` and within `classifier.timeout`; null, an error or too late: the shipped rules
   * decide. Only asked where that decision is needed. @default the shipped rules
   */
  readonly classify?: Classify;
}

export interface AcquireOptions extends TaskOptions {
  /** Name of the upstream. */
  readonly upstream: string;
  readonly model?: string;
  /** @default one request */
  readonly demand?: SlotDemand;
  readonly signal?: AbortSignal;
}

export interface SluiceEvents {
  /** An upstream's pressure has crossed a level of `policy.pressure`. */
  readonly pressure: PressureEvent;
  /** Headers told a limit that is not configured; it is kept from now on. */
  readonly "limit-learned": LimitLearnedEvent;
  /** Headers told that a configured limit is lower; the lower one holds. */
  readonly "limit-differs": LimitDiffersEvent;
  /** A credential could not be renewed; calls to that upstream are refused until it can. */
  readonly "credential-failed": CredentialFailedEvent;
  /** A breaker has opened, or has closed again. */
  readonly breaker: BreakerEvent;
  /** A provider takes a credential no more, for want of money or because it is not valid. */
  readonly stopped: StoppedEvent;
  /** A tenant's quota is used up to `alerts.warn` or `alerts.act`; once per window and level. */
  readonly quota: QuotaEvent;
  /** A tenant does far more in a minute than it usually does. */
  readonly runaway: RunawayEvent;
  /** A quota or limit of money cannot count this model. */
  readonly "price-unknown": PriceUnknownEvent;
  /** The Redis that instances share has gone silent, is down, or is back. */
  readonly store: StoreEvent;
  /** What tenants use cannot be kept for now. */
  readonly "store-failed": StoreFailedEvent;
  /** With `policy.shadow`: what the scheduler would have done with a request. */
  readonly shadow: ShadowEvent;
}

export interface Sluice {
  /** A drop-in `fetch`: give it to any SDK that takes one. Refusals are Responses. */
  readonly fetch: typeof globalThis.fetch;
  /** Runs `work` as a task; every `fetch` and `acquire` inside belongs to it. */
  task<T>(options: TaskOptions, work: () => T): T;
  /** Waits for a slot, for anything that is not fetch. */
  acquire(options: AcquireOptions): Promise<Slot>;
  on<E extends keyof SluiceEvents>(event: E, listener: (event: SluiceEvents[E]) => void): void;
  /** Ends what waits; from then on `fetch` and `acquire` reject with `upstream_unavailable`. */
  close(): Promise<void>;
  /** For the gateway and for tests: what is behind this face. */
  readonly runtime: Runtime;
}

/**
 * Starts the library from a configuration.
 *
 * @throws SluiceError `invalid_request` listing every problem of the configuration, `store_unavailable`
 * when quotas have to be kept and `server.data_dir` cannot be written, or the Redis of `store` does not answer.
 *
 * @example
 * ```ts
 * const sluice = await createSluice({ config: "sluice.yaml" });
 * const openai = new OpenAI({ fetch: sluice.fetch, maxRetries: 0 });
 * await sluice.task({ tenant: "acme", type: "chat", maxWaitMs: 2000 }, () =>
 *   openai.chat.completions.create({ model: "gpt-5", messages }),
 * );
 * ```
 */
export async function createSluice(options: SluiceOptions): Promise<Sluice> {
  const { initialLevel = 1, unmatched = "error" } = options;
  if (!(initialLevel >= 0 && initialLevel <= 1)) {
    throw new SluiceError(
      "invalid_request",
      `initialLevel must be between 0 and 1, got ${initialLevel}`,
    );
  }
  const config = configOf(loadOptions(options));
  const send: Fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const runtime = new Runtime({
    config,
    clock: options.clock ?? createSystemClock(),
    transport: createFetchTransport(send),
    random: options.random ?? Math.random,
    initialShare: initialLevel,
    tenants: tenantPlace(config),
    classify: options.classify,
  });
  await runtime.open();
  return faceOf(runtime, createFetch({ runtime, unmatched, passFetch: send }));
}

function faceOf(runtime: Runtime, fetch: typeof globalThis.fetch): Sluice {
  const events = new EventEmitter();
  runtime.pressure.listener = (event) => events.emit("pressure", event);
  runtime.limits.onLearned = (event) => events.emit("limit-learned", event);
  runtime.limits.onDiffers = (event) => events.emit("limit-differs", event);
  runtime.onCredentialFailed = (event) => events.emit("credential-failed", event);
  runtime.tenancy.alerts.onAlert(({ kind, at: _, ...event }) => events.emit(kind, event));
  runtime.shadow.listener = (event) => events.emit("shadow", event);
  return {
    fetch,
    runtime,
    task: (options, work) => {
      checkTaskOptions(options, () => taskTypesOf(runtime));
      return runTask(options, work, runtime.clock.now());
    },
    acquire: (acquire) => acquireFor(runtime, acquire),
    on: (event, listener) => void events.on(event, listener),
    close: () => runtime.close(),
  };
}

const ACQUIRE_FIELDS = ["upstream", "model", "demand", "signal"];

function taskTypesOf({ config }: Runtime): readonly string[] {
  return [...config.taskTypes.keys()];
}

/** @throws SluiceError, as a rejection, when the upstream is unknown or the slot is refused. */
async function acquireFor(runtime: Runtime, options: AcquireOptions): Promise<Slot> {
  runtime.requireOpen();
  checkTaskOptions(options, () => taskTypesOf(runtime), ACQUIRE_FIELDS);
  const task = taskWith(options, runtime.clock.now());
  const upstream = runtime.upstreams.get(options.upstream);
  if (upstream === undefined) {
    const known = [...runtime.upstreams.keys()].join(", ");
    throw new SluiceError(
      "not_found",
      `upstream: found ${JSON.stringify(options.upstream)}, allowed: ${known}`,
    );
  }
  return acquireSlot(runtime, {
    upstream,
    tenant: runtime.directory.named(task.tenant ?? runtime.config.defaults.tenant, null),
    model: options.model ?? null,
    demand: options.demand ?? {},
    claims: claimsOf(task),
    signal: options.signal ?? null,
  });
}

function loadOptions({ config, env = process.env }: SluiceOptions): Loaded {
  return typeof config === "string"
    ? loadConfig({ file: config, env })
    : loadConfig({ object: config, env });
}

function configOf(loaded: Loaded) {
  if (loaded.ok) return loaded.config;
  const list = loaded.problems.map(describeProblem).join("\n");
  throw new SluiceError("invalid_request", `the configuration is not valid:\n${list}`);
}
