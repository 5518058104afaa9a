/** Contract: what every store does, in memory and in a real Redis. */
import type { Redis } from "ioredis";
import { beforeEach, describe, expect, test } from "vitest";
import { demandOf, NO_DEMAND } from "../../src/core/demand.ts";
import type { SchedulerOptions } from "../../src/core/scheduler/options.ts";
import { MemoryStore } from "../../src/stores/memory-store.ts";
import type { EnqueueOperation, Operation, StepAnswer } from "../../src/stores/store.ts";
import { MS, SECOND, T0 } from "../support/meters.ts";
import { Instance, RedisTime } from "../support/redis/instance.ts";
import { meter, OPTIONS } from "../support/redis/queues.ts";
import { withRedis } from "../support/redis/with-redis.ts";

let redis: Redis;
withRedis((server) => {
  redis = server;
});

type Decided = Pick<StepAnswer, "results" | "granted" | "expired" | "displaced">;
type Step = (operations: readonly Operation[]) => Promise<Decided>;

type Bounds = Partial<Pick<SchedulerOptions, "maxWaiting" | "relief">>;

const STORES: Readonly<Record<string, (time: RedisTime, bounds: Bounds) => Step>> = {
  memory: (time, bounds) => {
    const store = new MemoryStore({ ...OPTIONS, ...bounds }, () => time.now);
    return (operations) => store.step(operations);
  },
  redis: (time, bounds) => {
    const instance = new Instance(redis, time, "only", { ...OPTIONS, ...bounds });
    return (operations) => instance.step(operations);
  },
};

function path(...meters: ReturnType<typeof meter>[]): Operation {
  return { kind: "path", key: "all", meters, initialShare: 1 };
}

function enqueue(parts: Partial<EnqueueOperation> = {}): Operation {
  return {
    ...{ kind: "enqueue", tenant: "acme", weight: 1, hasOwnMeters: false, band: 0, path: "all" },
    demand: demandOf({ requests: 1, tokens: 10 }),
    patience: 3_600 * SECOND,
    dueIn: null,
    isChainStep: false,
    ...parts,
  };
}

const RELIEF = {
  ...{ act: 0.5, calm: 0.4, held: [2], refused: [], lowestTier: "none", keepsLine: false },
};

const settle = (ticket: number): Operation => ({ kind: "settle", ticket, counted: NO_DEMAND });

describe.each(Object.keys(STORES))("a store in %s", (name) => {
  let time: RedisTime;
  const open = (bounds: Bounds = {}) => STORES[name](time, { maxWaiting: 1_000, ...bounds });

  beforeEach(async () => {
    await redis.flushall();
    time = new RedisTime();
  });

  test("numbers paths and tickets from 0, and knows a path by its key", async () => {
    const step = open();
    const { results } = await step([path(meter("requests", 9)), path(), enqueue(), enqueue()]);
    expect(results).toEqual([0, 0, 0, 1]);
  });

  test("serves strict bands in their order, chain steps and deadlines first inside a tenant", async () => {
    const step = open();
    await step([path(meter("concurrency", 1)), enqueue()]);
    await step([
      enqueue({ band: 2 }),
      enqueue({ band: 1 }),
      enqueue({ band: 1, dueIn: SECOND }),
      enqueue({ band: 1, isChainStep: true }),
    ]);
    const order: number[] = [];
    for (let running = 0; order.length < 4; running = order[order.length - 1]) {
      order.push(...(await step([settle(running)])).granted);
    }
    expect(order).toEqual([4, 3, 2, 1]);
  });

  test("makes room in a full queue for a higher band, and refuses the same one", async () => {
    const step = open({ maxWaiting: 2 });
    await step([path(meter("concurrency", 1)), enqueue()]);
    await step([enqueue({ band: 2 }), enqueue({ band: 2 })]);
    const { results, displaced } = await step([enqueue({ band: 1 }), enqueue({ band: 2 })]);
    expect(results).toEqual([3, { code: "queue_full", meter: "" }]);
    expect([[1], [2]]).toContainEqual(displaced);
  });

  test("ends a wait on time, and what was settled or cancelled once is so for good", async () => {
    const step = open();
    await step([path(meter("concurrency", 1)), enqueue(), enqueue({ patience: 3 * SECOND })]);
    time.now += 3_010 * MS;
    expect((await step([])).expired).toEqual([1]);
    const ends: Operation[] = [settle(0), settle(0), { kind: "cancel", ticket: 1 }];
    expect((await step(ends)).results).toEqual([true, false, false]);
  });

  test("queues a refused attempt again in its old place, once its time has come", async () => {
    const step = open();
    await step([path(meter("concurrency", 1)), enqueue(), enqueue()]);
    const retry = { kind: "retry", ticket: 0, counted: NO_DEMAND } as const;
    const again = await step([{ ...retry, eligibleIn: 500 * MS, expiresIn: 60 * SECOND }]);
    expect(again).toMatchObject({ results: [true], granted: [1] });
    time.now += 600 * MS;
    expect((await step([enqueue(), settle(1)])).granted).toEqual([0]);
  });

  test("lets nothing pass at a meter that rests, and tells those who wait in vain", async () => {
    const step = open();
    await step([path(meter("requests", 5)), { kind: "freeze", meter: "requests", micros: SECOND }]);
    const { expired } = await step([enqueue({ patience: 2 * SECOND })]);
    expect(expired).toEqual([]);
    await step([{ kind: "freeze", meter: 0, micros: 3 * SECOND }]).then((answer) =>
      expect(answer.expired).toEqual([0]),
    );
    await step([enqueue()]);
    time.now = T0 + 3_100 * MS;
    expect((await step([])).granted).toEqual([1]);
  });

  test("ends a rest early, and lets one request find out whether it still has to be", async () => {
    const step = open();
    const rest = (micros: number, probeIn: number | null): Operation => ({
      ...{ kind: "rest", meter: "requests", micros, probeIn },
    });
    await step([path(meter("requests", 5)), rest(60 * SECOND, 2 * SECOND)]);
    expect((await step([enqueue(), enqueue()])).granted).toEqual([]);
    time.now += 2_100 * MS;
    expect((await step([])).granted).toEqual([0]);
    expect((await step([rest(0, null)])).granted).toEqual([1]);
  });

  test("corrects a level once, though several have seen the same", async () => {
    const step = open();
    const correct = (seen: number): Operation => ({
      ...{ kind: "adjust", meter: "requests", delta: -2_000_000, seen },
    });
    await step([path(meter("requests", 5))]);
    expect((await step([correct(0), correct(0), correct(1)])).results).toEqual([1, false, 2]);
    const asked = times(3, () => enqueue());
    expect((await step(asked)).granted).toHaveLength(1);
  });

  test("holds batch back while people press, and lets it go on once they do no longer", async () => {
    const step = open({ relief: RELIEF });
    await step([path(meter("requests", 10))]);
    for (let second = 0; second < 45; second++) {
      expect((await step(times(10, () => enqueue()))).granted).toHaveLength(10);
      time.now += SECOND;
    }
    const batch = await step([enqueue({ band: 2 }), enqueue({ band: 1 })]);
    expect(batch.granted).toEqual([451]);
    // An average of a minute: 0.53, and after 14 s still above what is calm, 0.4.
    for (const seconds of [2, 12]) {
      time.now += seconds * SECOND;
      expect((await step([])).granted).toEqual([]);
    }
    time.now += 5 * SECOND;
    expect((await step([])).granted).toEqual([450]);
  });

  test("counts who is refused among those who press, wherever that was", async () => {
    const refusals = {
      "in a full queue": times(200, () => enqueue()),
      "where they came": [
        { ...{ kind: "refused", path: "all", band: 0 }, demand: demandOf({ requests: 200 }) },
      ].map((refused) => ({ ...refused, count: 200 }) as Operation),
    };
    for (const [where, operations] of Object.entries(refusals)) {
      await redis.flushall();
      const step = open({ relief: { ...RELIEF, act: 0.2 }, maxWaiting: 1 });
      await step([path(meter("requests", 10), meter("concurrency", 1)), enqueue()]);
      await step([enqueue(), ...operations, settle(0)]);
      time.now += 2 * SECOND;
      const [later] = (await step([settle(1), enqueue({ band: 2 })])).results.slice(1);
      expect([where, (await step([])).granted]).toEqual([where, []]);
      time.now += 300 * SECOND;
      expect([where, (await step([])).granted]).toEqual([where, [later]]);
    }
  });

  test("begins a meter with what is known to be left of it", async () => {
    const step = open();
    await step([path({ ...meter("requests", 5), level: 2_000_000 })]);
    expect((await step(times(4, () => enqueue()))).granted).toHaveLength(2);
  });
});

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
