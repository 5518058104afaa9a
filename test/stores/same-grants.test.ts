/** Same grants: one random history, in memory and in a real Redis, and the same decisions of both. */
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MemoryStore } from "../../src/stores/memory-store.ts";
import { keysOf } from "../../src/stores/redis/connection.ts";
import { decodeReply, encodeRequest } from "../../src/stores/redis/messages.ts";
import { readScript } from "../../src/stores/redis/script.ts";
import type { Operation, StepAnswer } from "../../src/stores/store.ts";
import { T0 } from "../support/meters.ts";
import { RedisServer } from "../support/redis/redis-server.ts";
import { runs } from "../support/scheduler-runs.ts";
import {
  busyHistories,
  busyWorlds,
  optionsOf,
  StoreHistory,
  type StoreStep,
  type StoreWorld,
  storeHistories,
  storeWorlds,
} from "../support/store-world.ts";

const RUNS = Number(process.env["STORE_RUNS"] ?? 300);
/** As many as the core grants in one pump. */
const GRANTS_PER_PUMP = 256;

const script = readScript();
let server: RedisServer;
let redis: Redis;
let histories = 0;

beforeAll(async () => {
  server = await RedisServer.start();
  redis = new Redis(server.url);
  await redis.script("LOAD", script.source);
});

afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

async function stepInRedis(
  key: string,
  world: StoreWorld,
  operations: readonly Operation[],
  now: number,
): Promise<StepAnswer> {
  const options = {
    ...optionsOf(world),
    grantsPerPump: GRANTS_PER_PUMP,
    maxAccounts: 20_000,
    learningMicros: 0,
    layout: "one",
  };
  const request = encodeRequest({
    instance: "only",
    number: null,
    elapsed: null,
    report: null,
    isNewest: false,
    isWhole: false,
    operations,
    options,
    now,
  });
  const reply = (await redis.callBuffer("EVALSHA", script.sha, ...keysOf(key), request)) as Buffer;
  const answer = decodeReply(reply);
  return { ...answer, wakeAt: answer.wakeAt < 0 ? Number.POSITIVE_INFINITY : answer.wakeAt };
}

const numerically = (list: readonly number[]) => [...list].sort((a, b) => a - b);

/** What was decided; waits end in no order of their own. */
function decisionsOf({ results, granted, expired, displaced }: StepAnswer) {
  return { results, granted, expired: numerically(expired), displaced };
}

function refusedOf(operation: Operation): Operation {
  if (operation.kind !== "enqueue") throw new Error(`a ${operation.kind} was refused`);
  const { path, band, demand } = operation;
  return { kind: "refused", path, band, demand, count: 1 };
}

/** The memory store also refuses what it foresees; Redis is told of that as of what an instance has refused. */
class Pair {
  readonly history: StoreHistory;
  readonly #world: StoreWorld;
  readonly #memory: MemoryStore;
  readonly #key = `{test:${histories++}}`;
  now = T0;
  wakeAt = Number.POSITIVE_INFINITY;
  /** Which of several waiters makes room is a store's own choice: from then on they differ. */
  isOver = false;

  constructor(world: StoreWorld) {
    this.#world = world;
    this.#memory = new MemoryStore(optionsOf(world), () => this.now);
    this.history = new StoreHistory(world);
  }

  async step(operations: readonly Operation[]): Promise<void> {
    const expected = await this.#memory.step(operations);
    const isForeseen = (i: number) => {
      const result = expected.results[i];
      if (typeof result !== "object") return false;
      return result.code === "max_wait_exceeded" || result.code === "tenant_quota_exhausted";
    };
    const asked = operations.map((one, i) => (isForeseen(i) ? refusedOf(one) : one));
    const actual = await stepInRedis(this.#key, this.#world, asked, this.now);
    const results = expected.results.map((result, i) => isForeseen(i) || result);
    this.isOver = expected.displaced.length > 0;
    if (this.isOver) {
      const displaced = expected.displaced.length;
      // A later cancel in the batch may be meant for the one of them that had to leave.
      if (asked.some(({ kind }) => kind === "cancel")) expect(actual.displaced).not.toEqual([]);
      else expect([actual.results, actual.displaced.length]).toEqual([results, displaced]);
      return;
    }
    expect(decisionsOf(actual)).toEqual(decisionsOf({ ...expected, results }));
    // Redis sleeps until something may happen; the core's wheel looks up once a turn.
    expect(actual.wakeAt).toBeGreaterThanOrEqual(expected.wakeAt);
    this.wakeAt = expected.wakeAt;
    this.history.take(operations, expected);
  }

  async passTo(time: number): Promise<void> {
    while (this.wakeAt <= time && !this.isOver) {
      this.now = Math.max(this.now, this.wakeAt);
      await this.step([]);
    }
    this.now = time;
  }
}

/** Plays a history on both; what waits at its end is played out for a while. */
async function compare(world: StoreWorld, batches: readonly (readonly StoreStep[])[]) {
  const pair = new Pair(world);
  await pair.step(pair.history.opening());
  for (const batch of batches) {
    if (pair.isOver) break;
    const operations = batch.map((one) => pair.history.operation(one));
    const micros = batch.reduce((sum, one) => sum + (one.kind === "pass" ? one.micros : 0), 0);
    await pair.step(operations.filter((one) => one !== null));
    await pair.passTo(pair.now + micros);
  }
  await redis.flushall();
}

describe("a store in Redis", () => {
  test("decides as the scheduler of the core does, whatever happens", async () => {
    await fc.assert(fc.asyncProperty(storeWorlds, storeHistories, compare), runs(RUNS));
  }, 600_000);

  test("grants in the same order where much more is asked than there is", async () => {
    await fc.assert(fc.asyncProperty(busyWorlds, busyHistories, compare), runs(RUNS / 2));
  }, 600_000);
});
