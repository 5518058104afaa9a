/** Damage: steps that fail in the middle and keys that something else removes; nobody goes on with what is left. */
import type { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { demandOf, NO_DEMAND } from "../../src/core/demand.ts";
import { readScript } from "../../src/stores/redis/script.ts";
import type { Operation } from "../../src/stores/store.ts";
import { MS, SECOND } from "../support/meters.ts";
import { Instance, type RedisTime } from "../support/redis/instance.ts";
import { KEY, meter, OPTIONS } from "../support/redis/queues.ts";
import { withRedis } from "../support/redis/with-redis.ts";

const LEARNING = 600 * MS;
const options = { ...OPTIONS, learningMicros: LEARNING };
const { source } = readScript();

let redis: Redis;
let time: RedisTime;
let instance: Instance;

withRedis((server, now) => {
  redis = server;
  time = now;
  instance = new Instance(redis, time, "first", options);
});

const PATH: Operation = {
  kind: "path",
  key: "all",
  meters: [meter("concurrency", 1), meter("tokens", 1_000, 3_600_000)],
  initialShare: 1,
};

function enqueue(tenant: string, hasOwnMeters = false): Operation {
  const rest = { band: 0, path: "all", patience: 60 * SECOND, dueIn: null, isChainStep: false };
  const demand = demandOf({ requests: 1, tokens: 10 });
  return { kind: "enqueue", tenant, weight: 1, hasOwnMeters, demand, ...rest } as Operation;
}

/** One runs, some wait, one of them for its tenant's own meter. */
async function fill(): Promise<number> {
  const own = [{ ...meter("requests", 1, 3_600_000), key: "own" }];
  await instance.step([
    PATH,
    { kind: "tenant", tenant: "limited", meters: own, initialShare: 0 },
    enqueue("limited", true),
    enqueue("acme"),
  ]);
  time.now += LEARNING + MS;
  const { granted } = await instance.step([enqueue("acme"), enqueue("beta")]);
  expect(granted.length).toBe(1);
  return granted[0];
}

/** The script with an error at a place. */
function brokenAt(place: string): string {
  const broken = source.replace(`\n${place}`, `\nerror("injected")\n${place}`);
  expect(broken).not.toBe(source);
  return broken;
}

/** All but the state, which also counts what fails. */
async function everything(): Promise<readonly unknown[]> {
  const keys = (await redis.keys(`${KEY}:*:*`)).sort();
  return Promise.all(keys.map(async (key) => [key, await redis.dumpBuffer(key)]));
}

async function lives(): Promise<readonly string[]> {
  const keys = await redis.keys(`${KEY}:*:*`);
  return [...new Set(keys.map((key) => key.slice(KEY.length + 1).split(/[:.]/)[0]))];
}

describe("an error", () => {
  test.each(["  tidyUp()", "  pump(hopeless)", "beginWriting(S)"])(
    "in deciding, before %s, changes nothing, and the same batch is done afterwards",
    async (place) => {
      const granted = await fill();
      const batch: Operation[] = [
        { kind: "retry", ticket: granted, counted: NO_DEMAND, eligibleIn: 50, expiresIn: SECOND },
        { kind: "cancel", ticket: 2 },
        { kind: "weigh", tenant: "beta", weight: 3 },
        enqueue("gamma"),
      ];
      const before = await everything();
      time.now += 700 * MS;
      instance.source = brokenAt(place);
      await expect(instance.step(batch)).rejects.toThrow("injected");
      expect(await everything()).toEqual(before);
      instance.source = source;
      const { results, granted: next } = await instance.step(batch);
      expect([results, next.length]).toEqual([[true, true, true, 4], 1]);
    },
  );

  test("of one operation leaves alone what others do", async () => {
    await fill();
    const other = new Instance(redis, time, "second", options);
    await other.step();
    const odd = { kind: "cancel", ticket: null } as unknown as Operation;
    await expect(instance.step([enqueue("acme"), odd])).rejects.toThrow();
    expect((await other.step([enqueue("beta")])).isUnknown).toBeUndefined();
  });

  test.each([
    "doWrites()",
    "saveGrants()",
    "saveBacklog()",
    "saveLanes()",
    "saveLines()",
    "saveWaiters()",
    "saveAccounts()",
    "saveTenants()",
    "local mail = fetchMail()",
    "local wakeAt = wakeTime(isPumped)",
    "endStep(reply)",
    "endWriting(S)",
  ])("in writing, before %s, ends the account's life", async (place) => {
    const granted = await fill();
    instance.source = brokenAt(place);
    const batch: Operation[] = [{ kind: "settle", ticket: granted, counted: NO_DEMAND }];
    await expect(instance.step(batch)).rejects.toThrow("injected");
    instance.source = source;
    const refused = await instance.step(batch);
    expect([refused.isUnknown, refused.known]).toEqual([true, 0]);
    // Another life of it tells what it has; until all have told nothing is granted.
    const again = new Instance(redis, time, "first.1", options);
    const { results } = await again.step([
      { kind: "leave", instance: "first", isBehind: false },
      PATH,
      { kind: "cap", share: 0.5 },
      enqueue("acme"),
    ]);
    expect(results).toEqual(["unknown", 0, true, 0]);
    time.now += LEARNING - MS;
    expect((await again.step()).granted).toEqual([]);
    time.now += 2 * MS;
    expect((await again.step()).granted).toEqual([0]);
    time.now += SECOND;
    await again.step();
    expect(await lives()).toHaveLength(1);
  });

  test("in writing, twice in a row, leaves nothing behind either", async () => {
    await fill();
    for (const name of ["second", "third"]) {
      const broken = new Instance(redis, time, name, options);
      broken.source = brokenAt("saveAccounts()");
      await expect(broken.step([PATH, enqueue("acme")])).rejects.toThrow("injected");
    }
    const last = new Instance(redis, time, "last", options);
    for (let i = 0; i < 5; i++) {
      await last.step();
      time.now += SECOND;
    }
    expect(await lives()).toHaveLength(1);
  });
});

describe("a key that something else has removed", () => {
  test.each(["waiters", "expiry", "parked"])("ends the account's life: %s", async (name) => {
    await fill();
    const [key] = await redis.keys(`${KEY}:*:${name}`);
    expect(await redis.del(key)).toBe(1);
    const isForgotten = async () => (await instance.step()).isUnknown ?? false;
    const seen: boolean[] = [];
    while (seen.length < 20 && !seen.at(-1)) seen.push(await isForgotten().catch(() => false));
    expect(seen.at(-1)).toBe(true);
    const again = new Instance(redis, time, "first.1", options);
    await again.step([PATH, enqueue("acme")]);
    time.now += LEARNING;
    expect((await again.step()).granted).toEqual([0]);
  });
});
