/** Leases: what happens to what an instance holds when it dies, comes late, or time itself goes wrong. */
import type { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { demandOf, NO_DEMAND } from "../../src/core/demand.ts";
import type { Operation } from "../../src/stores/store.ts";
import { MS, SECOND, T0 } from "../support/meters.ts";
import { Instance, type RedisTime } from "../support/redis/instance.ts";
import { KEY, meter, OPTIONS } from "../support/redis/queues.ts";
import { withRedis } from "../support/redis/with-redis.ts";

let redis: Redis;
let time: RedisTime;
let doomed: Instance;
let survivor: Instance;

withRedis((server, now) => {
  redis = server;
  time = now;
  doomed = new Instance(redis, time, "doomed");
  survivor = new Instance(redis, time, "survivor");
});

/** Of a hash of the account's life. */
async function sizeOf(name: string): Promise<number> {
  const [key] = await redis.keys(`${KEY}:*:${name}`);
  return key === undefined ? 0 : redis.hlen(key);
}

/** Two slots, and tokens that take an hour to come back. */
const PATH: Operation = {
  kind: "path",
  key: "all",
  meters: [meter("concurrency", 2), meter("tokens", 1_000, 3_600_000)],
  initialShare: 1,
};

function enqueue(tokens = 0, patience = 60 * SECOND): Operation {
  return {
    kind: "enqueue",
    tenant: "acme",
    weight: 1,
    hasOwnMeters: false,
    band: 0,
    path: "all",
    demand: demandOf({ requests: 1, tokens }),
    patience,
    dueIn: null,
    isChainStep: false,
  };
}

/** Time passes while the survivor steps, as it does every quarter of a second. */
async function pass(micros: number) {
  const granted: number[] = [];
  for (let left = micros; left > 0; left -= 250 * MS) {
    time.now += Math.min(left, 250 * MS);
    const reply = await survivor.step();
    granted.push(...reply.granted);
  }
  return granted;
}

describe("an instance that dies", () => {
  test("takes its waiters with it, and none of them is granted any more", async () => {
    await survivor.step([PATH, enqueue(), enqueue()]);
    await doomed.step([enqueue(), enqueue(), enqueue()]);
    await pass(3 * SECOND);
    const { granted } = await survivor.step([
      enqueue(),
      { kind: "settle", ticket: 0, counted: NO_DEMAND },
    ]);
    expect(granted).toEqual([5]);
    expect(await sizeOf("waiters")).toBe(0);
    expect(await redis.keys("*:expiry")).toEqual([]);
  });

  test("gives back whole what it cannot have heard of", async () => {
    const { granted } = await doomed.step([PATH, enqueue(600), enqueue(400)]);
    expect(granted).toEqual([0, 1]);
    await survivor.step([enqueue(1_000)]);
    expect(await pass(1_750 * MS)).toEqual([]);
    expect(await pass(250 * MS)).toEqual([2]);
  });

  test("gives back the slots of what it has sent, but not the tokens: they are probably counted", async () => {
    await doomed.step([PATH, enqueue(600), enqueue(0)]);
    await doomed.step();
    await survivor.step([enqueue(400), enqueue(600)]);
    expect(await pass(3 * SECOND)).toEqual([2]);
  });

  test("is found out while others wait for what it was granted by their steps", async () => {
    await survivor.step([PATH, enqueue(), enqueue()]);
    await doomed.step([enqueue(1_000)]);
    // Granted by the survivor's step, so the grant lies in the outbox of the dead.
    await survivor.step([{ kind: "settle", ticket: 0, counted: NO_DEMAND }, enqueue(1_000)]);
    expect(await pass(3 * SECOND)).toEqual([3]);
  });

  test("is told that it is not known any more, and nothing it says is done", async () => {
    await doomed.step([PATH, enqueue(), enqueue()]);
    await survivor.step();
    await pass(3 * SECOND);
    const late = await doomed.step([{ kind: "settle", ticket: 0, counted: NO_DEMAND }, enqueue()]);
    expect(late).toMatchObject({ isUnknown: true, results: [], granted: [] });
    expect(await sizeOf("waiters")).toBe(0);
  });

  test("with thousands of grants and waiters, is cleared away in pieces", async () => {
    const wide: Operation = { ...PATH, meters: [meter("concurrency", 3_000)] };
    await doomed.step([wide]);
    for (let i = 0; i < 120; i++) await doomed.step(Array.from({ length: 50 }, () => enqueue()));
    await survivor.step([enqueue()]);
    await pass(2_500 * MS);
    for (let i = 0; i < 40; i++) await pass(MS);
    const { granted } = await survivor.step(Array.from({ length: 3_100 }, () => enqueue()));
    const all = granted.length + (await drained());
    expect(all).toBe(3_000 - 1);
    expect(await sizeOf("grants:doomed")).toBe(0);
  });
});

/** What further steps grant at the same moment. */
async function drained(): Promise<number> {
  let count = 0;
  for (;;) {
    const { granted } = await survivor.step();
    if (granted.length === 0) return count;
    count += granted.length;
  }
}

describe("a batch", () => {
  test("that is sent again is answered again, and done once", async () => {
    const batch = [PATH, enqueue(300), enqueue(300)];
    const first = await doomed.step(batch);
    time.now += 10 * MS;
    expect(await doomed.repeat(batch)).toEqual(first);
    const { granted } = await doomed.step([{ kind: "settle", ticket: 0, counted: NO_DEMAND }]);
    expect(granted).toEqual([]);
    expect(await sizeOf("grants:doomed")).toBe(1);
  });

  test("settles a grant once, however often that is said", async () => {
    await doomed.step([PATH, enqueue(300)]);
    const settle: Operation = { kind: "settle", ticket: 0, counted: NO_DEMAND };
    const { results } = await doomed.step([settle, settle]);
    expect(results).toEqual([true, false]);
    expect((await doomed.step([settle])).results).toEqual([false]);
  });
});

describe("time", () => {
  test("in which Redis stood still is nobody's silence", async () => {
    await doomed.step([PATH, enqueue()]);
    await survivor.step([enqueue(), enqueue()]);
    time.now += 5 * SECOND;
    expect((await survivor.step()).granted).toEqual([]);
    expect((await doomed.step()).isUnknown).toBeUndefined();
  });

  test("that jumps ahead neither ends waits nor refills limits", async () => {
    const hourly = { ...PATH, meters: [meter("tokens", 1_000, 3_600_000)] };
    await doomed.step([hourly], 0);
    await doomed.step([enqueue(1_000), enqueue(1_000, 30 * SECOND)], 100 * MS);
    time.now += 3_600 * SECOND;
    const { granted, expired, now } = await doomed.step([], 350 * MS);
    expect({ granted, expired, now: now - T0 }).toEqual({
      granted: [],
      expired: [],
      now: 250 * MS,
    });
  });

  test("that jumps back does not stand still", async () => {
    await doomed.step([{ ...PATH, meters: [meter("requests", 1)] }, enqueue(), enqueue()], 0);
    time.now -= 3_600 * SECOND;
    const { granted, now } = await doomed.step([], 1_000 * MS);
    expect({ granted, now: now - T0 }).toEqual({ granted: [1], now: SECOND });
  });

  test("of a Redis that paused is caught up with", async () => {
    await doomed.step([{ ...PATH, meters: [meter("requests", 1)] }, enqueue(), enqueue()], 0);
    time.now += 3 * SECOND; // sent before the pause, done after it
    await doomed.step([], 10 * MS);
    time.now += 10 * MS;
    const { now } = await doomed.step([], 3_020 * MS);
    expect(now - T0).toBe(3_020 * MS);
  });
});

describe("tenants that have nothing waiting", () => {
  test("are forgotten beyond a number; those who wait are not, and all that runs is settled", async () => {
    const options = { ...OPTIONS, maxAccounts: 50 };
    const instance = new Instance(redis, time, "only", options);
    await instance.step([{ ...PATH, meters: [meter("concurrency", 100)] }]);
    const many = Array.from({ length: 120 }, (_, i) => ({ ...enqueue(), tenant: `t${i}` }));
    const { granted } = await instance.step(many as Operation[]);
    const running = [...granted, ...(await instance.step()).granted];
    expect(running.length).toBe(100);
    for (let i = 0; i < 5; i++) {
      time.now += 600 * MS;
      await instance.step();
    }
    expect(await sizeOf("accounts")).toBe(20);
    const ends = running.map(
      (ticket): Operation => ({ kind: "settle", ticket, counted: NO_DEMAND }),
    );
    expect((await instance.step(ends)).granted.length).toBe(20);
  });
});

describe("another life of an instance", () => {
  test("takes over what the first one held, once", async () => {
    await doomed.step([PATH, enqueue(600), enqueue(0)]);
    const { granted } = await survivor.step([enqueue(400), enqueue(600)]);
    expect(granted).toEqual([]);
    const again = new Instance(redis, time, "doomed.1");
    const { results } = await again.step([
      { kind: "leave", instance: "doomed", isBehind: false },
      PATH,
      { kind: "cap", share: 0.5 },
      { kind: "assert", entry: enqueue(600) as never, since: 0, previous: "doomed" },
    ]);
    expect(results).toEqual(["ended", 0, false, 4]);
    expect((await survivor.step()).granted).toEqual([2]);
  });

  test("is not charged twice for what was kept of it when it was buried", async () => {
    await doomed.step([PATH, enqueue(600)]);
    await doomed.step();
    await survivor.step();
    await pass(3 * SECOND);
    const again = new Instance(redis, time, "doomed.1");
    const { results } = await again.step([
      { kind: "leave", instance: "doomed", isBehind: false },
      { kind: "assert", entry: enqueue(600) as never, since: 0, previous: "doomed" },
    ]);
    expect(results[0]).toBe("buried");
    expect((await survivor.step([enqueue(400)])).granted).toEqual([2]);
  });

  test("after a loss is charged for what it has settled, and no level is believed", async () => {
    const again = new Instance(redis, time, "doomed.1");
    const settled = demandOf({ requests: 1, tokens: 300 });
    await again.step([
      { kind: "leave", instance: "doomed", isBehind: false },
      PATH,
      { kind: "cap", share: 0.5 },
      { kind: "charge", path: "all", counted: settled, isUnsettled: false },
    ]);
    expect((await survivor.step([enqueue(201), enqueue(200)])).granted).toEqual([]);
    expect((await survivor.step([{ kind: "cancel", ticket: 0 }])).granted).toEqual([1]);
  });
});

describe("a step in which nothing has happened", () => {
  const looks = async (instance: Instance) => {
    await redis.config("RESETSTAT");
    const { granted } = await instance.step();
    return [granted.length, (await redis.info("commandstats")).includes("cmdstat_zrange")];
  };

  test("looks at no waiter until the time that the last one told", async () => {
    await survivor.step([PATH, enqueue(1_000), enqueue(1_000), enqueue(500)]);
    time.now += 10 * MS;
    await survivor.step();
    time.now += 10 * MS;
    expect(await looks(survivor)).toEqual([0, false]);
    time.now += 61 * SECOND;
    expect(await looks(survivor)).toEqual([0, true]);
  });

  test("looks at them where another instance has died", async () => {
    await doomed.step([PATH, enqueue(), enqueue()]);
    await survivor.step([enqueue()]);
    await survivor.step();
    expect(await looks(survivor)).toEqual([0, false]);
    expect((await pass(3 * SECOND)).length).toBe(1);
  });
});
