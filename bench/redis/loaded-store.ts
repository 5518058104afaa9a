/** Loaded store: an account in Redis with many waiters of many tenants, whose time the benchmark sets. */
import { Redis } from "ioredis";
import { type Demand, demandOf } from "../../src/core/demand.ts";
import { NO_PACE } from "../../src/core/meter/pace.ts";
import { keysOf } from "../../src/stores/redis/connection.ts";
import { decodeReply, encodeRequest, type StepReply } from "../../src/stores/redis/messages.ts";
import { readScript } from "../../src/stores/redis/script.ts";
import type { MeterSpec, Operation } from "../../src/stores/store.ts";

const BATCH = 128;
const HOUR_MICROS = 3_600_000_000;
const FIRST = 1_700_000_000_000_000;
/** In this time the limits supply a batch, and nothing is left over for later. */
const STEP_MICROS = 1_000;
/** Never spent, and all there is at the start. */
const MARGIN = 0.01;
/** Steps in a row without a grant: beyond this the queue has run dry. */
const IDLE_STEPS = 1_000;

const PER_SECOND = 128_000;
const TOKENS = 1_000;

export const OPTIONS = {
  bands: ["real-time", "near-real-time", "batch"].map((latency) => ({ tier: "any", latency })),
  guarantees: [{ label: "batch", share: 0.05, bands: [2] }],
  // Pressure is worked out, and nothing held back for it.
  relief: { act: 2, calm: 2, held: [2], refused: [], lowestTier: "none", keepsLine: false },
  holdback: 0,
  margin: MARGIN,
  maxWaiting: 10_000_000,
  grantsPerPump: BATCH,
  maxAccounts: 60_000,
  learningMicros: 0,
  layout: "one",
};

/** Requests, tokens three times, a model's requests, and slots. */
export const SIX_METERS: readonly MeterSpec[] = [
  limit("requests", PER_SECOND),
  limit("tokens", PER_SECOND * TOKENS),
  limit("input_tokens", PER_SECOND * TOKENS),
  limit("output_tokens", PER_SECOND * TOKENS),
  { ...limit("requests", PER_SECOND), key: "model" },
  { ...limit("concurrency", 1_000_000), kind: "slots", per: 0 },
];

function limit(dimension: MeterSpec["dimension"], amount: number): MeterSpec {
  const place = { key: dimension, selector: "account", kind: "bucket" as const, dimension };
  return { ...place, capacity: amount * 1_000_000, per: 1_000_000, pace: NO_PACE, ends: [] };
}

export function demandNumber(i: number): Demand {
  const outputTokens = 200 + (i % 100);
  const inputTokens = 500 + (i % 200);
  return demandOf({ requests: 1, tokens: inputTokens + outputTokens, inputTokens, outputTokens });
}

export class LoadedStore {
  readonly #redis: Redis;
  readonly #script = readScript();
  readonly #key: string;
  readonly #tenants: number;
  #now = FIRST;
  #made = 0;
  #granted: readonly number[] = [];

  private constructor(redis: Redis, key: string, tenants: number) {
    this.#redis = redis;
    this.#key = key;
    this.#tenants = tenants;
  }

  static async load(
    url: string,
    size: { readonly waiting: number; readonly tenants: number },
  ): Promise<LoadedStore> {
    const redis = new Redis(url);
    const store = new LoadedStore(redis, `{bench:${size.waiting}}`, size.tenants);
    await redis.script("LOAD", store.#script.source);
    await store.#step([{ kind: "path", key: "all", meters: SIX_METERS, initialShare: MARGIN }]);
    await store.add(size.waiting);
    return store;
  }

  /** Queues so many; requests a second. */
  async add(count: number): Promise<number> {
    const started = performance.now();
    for (let i = 0; i < count; i += BATCH) {
      await this.#step(Array.from({ length: Math.min(BATCH, count - i) }, () => this.#enqueue()));
    }
    return (count / (performance.now() - started)) * 1_000;
  }

  /** Grants of waiters a second. */
  async drain(grants: number): Promise<number> {
    return this.#measured(grants, () => []);
  }

  /** Requests that come, are granted and settled, a second; the queue stays as long. */
  async rounds(grants: number): Promise<number> {
    return this.#measured(grants, () => [
      ...this.#granted.map(
        (ticket): Operation => ({ kind: "settle", ticket, counted: demandNumber(ticket) }),
      ),
      ...this.#granted.map(() => this.#enqueue()),
    ]);
  }

  close(): void {
    this.#redis.disconnect();
  }

  async #measured(grants: number, operations: () => Operation[]): Promise<number> {
    const started = performance.now();
    let done = 0;
    let idle = 0;
    while (done < grants) {
      this.#now += STEP_MICROS;
      const { granted } = await this.#step(operations());
      idle = granted.length > 0 ? 0 : idle + 1;
      if (idle > IDLE_STEPS) throw new Error(`nothing was granted any more after ${done} grants`);
      this.#granted = granted;
      done += granted.length;
    }
    return (done / (performance.now() - started)) * 1_000;
  }

  #enqueue(): Operation {
    const i = this.#made++;
    return {
      kind: "enqueue",
      tenant: `tenant-${(i * 7919) % this.#tenants}`,
      weight: 1,
      hasOwnMeters: false,
      band: i % 3,
      path: 0,
      demand: demandNumber(i),
      patience: HOUR_MICROS,
      dueIn: null,
      isChainStep: false,
    };
  }

  async #step(operations: readonly Operation[]): Promise<StepReply> {
    const told = {
      instance: "bench",
      number: null,
      elapsed: null,
      report: null,
      isNewest: false,
      isWhole: false,
    };

    const request = { ...told, operations, now: this.#now };
    const bytes = encodeRequest({ ...request, options: OPTIONS });
    const { sha } = this.#script;
    const reply = await this.#redis.callBuffer("EVALSHA", sha, ...keysOf(this.#key), bytes);
    return decodeReply(reply as Buffer);
  }
}
