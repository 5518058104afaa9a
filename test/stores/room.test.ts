/** Room: names that clients make up cost a bounded place in Redis, and nobody who uses a limit loses it. */
import type { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { demandOf, NO_DEMAND } from "../../src/core/demand.ts";
import type { Operation } from "../../src/stores/store.ts";
import { MS, SECOND } from "../support/meters.ts";
import { Instance, type RedisTime } from "../support/redis/instance.ts";
import { meter } from "../support/redis/queues.ts";
import { withRedis } from "../support/redis/with-redis.ts";

const MOST = 500;
/** With a meter each of their own, beside the one that they share. */
const KEPT = MOST - 1;

let redis: Redis;
let time: RedisTime;
let instance: Instance;

withRedis((server, now) => {
  redis = server;
  time = now;
  instance = new Instance(redis, time, "only");
});

/** The account's requests, and ten requests a second of one model's own. */
function path(model: string): Operation {
  const own = { ...meter("requests", 10), key: model };
  return { kind: "path", key: model, meters: [meter("tokens", 1_000_000), own], initialShare: 1 };
}

function enqueue(model: string, requests = 1): Operation {
  return {
    ...{ kind: "enqueue", tenant: "acme", weight: 1, hasOwnMeters: false, band: 0, path: model },
    demand: demandOf({ requests, tokens: 1 }),
    patience: 3_600 * SECOND,
    dueIn: null,
    isChainStep: false,
  };
}

/** Asks for models that nobody has heard of. */
async function flood(count: number, name = "m"): Promise<readonly unknown[]> {
  const results: unknown[] = [];
  for (let i = 0; i < count; i += 50) {
    const models = Array.from({ length: Math.min(50, count - i) }, (_, k) => `${name}${i + k}`);
    results.push(...(await instance.step(models.map((model) => path(model)))).results);
  }
  return results;
}

const unknown = { code: "path_unknown", meter: "" };

describe("an account that nobody uses any more", () => {
  const HOURS = 3_600_000;
  test.each([
    ["an hour", 3_600 * SECOND, 24 * HOURS],
    ["a month", 30 * 86_400 * SECOND, 60 * 24 * HOURS],
  ])("with a window of %s is forgotten after a day or two windows", async (_, per, kept) => {
    const meters = [{ ...meter("requests", 10), per }];
    const own: Operation = { kind: "path", key: "own", meters, initialShare: 1 };
    await instance.step([own, enqueue("own")]);
    await instance.step([settle(0)]);
    const keys = await redis.keys("*");
    expect(keys.length).toBeGreaterThan(3);
    for (const key of keys) {
      const left = await redis.pttl(key);
      expect([key, left > kept - 60_000, left <= kept + HOURS]).toEqual([key, true, true]);
    }
  });
});

describe("paths and meters beyond a number", () => {
  test("take the place of those that nobody has used for longest", async () => {
    await instance.step([path("first"), enqueue("first")]);
    time.now += SECOND;
    const { granted } = await instance.step([path("second"), enqueue("second")]);
    await instance.step([0, ...granted].map((ticket) => settle(ticket)));
    time.now += SECOND;
    const results = await flood(KEPT - 1);
    expect(results.every((number) => Number(number) < MOST)).toBe(true);
    const after = await instance.step([enqueue("first"), enqueue("second"), path("first")]);
    expect(after.results).toEqual([unknown, 2, expect.any(Number)]);
  });

  test("never take the place of what waits, runs, or has been used up", async () => {
    const used = await instance.step([
      ...["waits", "runs", "used"].map((model) => path(model)),
      enqueue("waits", 10),
      enqueue("waits", 10),
      enqueue("runs"),
      enqueue("used", 10),
    ]);
    expect(used.granted).toHaveLength(3);
    await instance.step([settle(used.granted[2], 10)]);
    await flood(MOST + 100);
    const { results } = await instance.step([enqueue("waits"), enqueue("runs"), enqueue("used")]);
    expect(results).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)]);
    time.now += 20 * SECOND;
    expect((await instance.step()).granted).toEqual([1, 6]);
  });

  test("are refused while all are in use", async () => {
    for (let i = 0; i < KEPT; i++) await instance.step([path(`busy${i}`), enqueue(`busy${i}`)]);
    const { results } = await instance.step([path("late"), enqueue("late")]);
    expect(results).toEqual([false, unknown]);
    const { granted } = await instance.step([settle(0)]);
    time.now += SECOND;
    const later = await instance.step([path("late"), enqueue("late")]);
    expect([granted, later.results]).toEqual([[], [0, KEPT]]);
    expect(later.granted).toEqual([KEPT]);
  });

  test("are told once each, under their own names", async () => {
    await flood(2 * MOST);
    instance.asksForReport = true;
    time.now += 60 * MS;
    const keys = (await instance.step()).report?.meters.map(({ key }) => key) ?? [];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toContain(`m${2 * MOST - 1}`);
    expect(keys.length).toBeLessThanOrEqual(MOST);
  });
});

describe("a meter that was forgotten", () => {
  test("is corrected by nobody, and does nobody harm", async () => {
    await flood(1, "gone");
    time.now += SECOND;
    await flood(MOST);
    const corrections: Operation[] = [
      { kind: "adjust", meter: "gone0", delta: -5 },
      { kind: "freeze", meter: "gone0", micros: 5 },
      { kind: "margin", meter: 9_999, share: 0.5 },
      { kind: "foreign", meter: "gone0", rate: 1 },
    ];
    expect((await instance.step(corrections)).results).toEqual([false, false, false, false]);
  });
});

function settle(ticket: number, requests = 1): Operation {
  const counted = requests === 1 ? NO_DEMAND : demandOf({ requests, tokens: 1 });
  return { kind: "settle", ticket, counted };
}
