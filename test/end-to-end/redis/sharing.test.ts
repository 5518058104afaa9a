/** Sharing: several instances, one account: its limits hold exactly, its order is one, whoever asks where. */

import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { demandOf, NO_DEMAND } from "../../../src/core/demand.ts";
import { acquire } from "../../../src/stores/redis/client/acquire.ts";
import { Instance } from "../../support/redis/instance.ts";
import { inMs, meter, openQueue, pathOf, request } from "../../support/redis/queues.ts";
import { RedisServer } from "../../support/redis/redis-server.ts";

let server: RedisServer;
beforeEach(async () => {
  server = await RedisServer.start();
});
afterEach(async () => {
  await server.stop();
});

const never = new AbortController().signal;

describe("a request whose path the store has forgotten meanwhile", () => {
  test("is told it again, and goes on", async () => {
    using queue = openQueue(server.url);
    const path = pathOf({ ...meter("requests", 100), key: "old" });
    queue.settle(await acquire(queue, request(path), never), NO_DEMAND);
    await expect.poll(() => queue.running).toBe(0);
    const redis = new Redis(server.url);
    const other = new Instance(redis, { now: null }, "other");
    for (let i = 0; i < 600; i += 50) {
      const names = Array.from({ length: 50 }, (_, k) => `new${i + k}`);
      const paths = names.map((key) => ({
        ...{ kind: "path" as const, key, initialShare: 1 },
        meters: [{ ...meter("requests", 100), key }],
      }));
      await other.step(paths);
    }
    const [left] = (await other.step([{ kind: "margin", meter: "old", share: 0 }])).results;
    expect(left).toBe(false);
    redis.disconnect();
    queue.settle(await acquire(queue, request(path), never), NO_DEMAND);
  });
});

describe("instances that share an account", () => {
  test("together never hold more slots than there are", async () => {
    const path = pathOf(meter("concurrency", 3));
    const queues = [1, 2, 3, 4].map(() => openQueue(server.url));
    let running = 0;
    let most = 0;
    const call = async (queue: (typeof queues)[number]) => {
      const entry = await acquire(queue, request(path), never);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running--;
      queue.settle(entry, demandOf({ requests: 1 }));
    };
    await Promise.all(queues.flatMap((queue) => Array.from({ length: 25 }, () => call(queue))));
    expect(most).toBe(3);
    for (const queue of queues) queue[Symbol.dispose]();
  });

  test("serve the most important request next, wherever it waits", async () => {
    const path = pathOf(meter("concurrency", 1));
    using here = openQueue(server.url);
    using there = openQueue(server.url);
    const holder = await acquire(here, request(path), never);
    const order: string[] = [];
    const wait = async (queue: typeof here, name: string, band: number) => {
      const entry = await acquire(queue, request(path, { band, tenant: name }), never);
      order.push(name);
      queue.settle(entry, demandOf({ requests: 1 }));
    };
    const first = wait(here, "batch", 2);
    await expect.poll(() => here.waiting).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = wait(there, "near-real-time", 1);
    const third = wait(there, "real-time", 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    here.settle(holder, demandOf({ requests: 1 }));
    await Promise.all([first, second, third]);
    expect(order).toEqual(["real-time", "near-real-time", "batch"]);
  });

  test("end a wait on time, and let a cancelled one go at once", async () => {
    const path = pathOf(meter("concurrency", 1));
    using here = openQueue(server.url);
    using there = openQueue(server.url);
    const holder = await acquire(here, request(path), never);
    const late = acquire(there, request(path, { expiresAt: inMs(200) }), never);
    await expect(late).rejects.toThrow("max_wait_exceeded");
    const abort = new AbortController();
    const gone = acquire(there, request(path), abort.signal);
    const next = acquire(there, request(path), never);
    await new Promise((resolve) => setTimeout(resolve, 50));
    abort.abort(new Error("client left"));
    await expect(gone).rejects.toThrow("client left");
    here.settle(holder, NO_DEMAND);
    there.settle(await next, NO_DEMAND);
    expect([here.waiting, there.waiting, here.running, there.running]).toEqual([0, 0, 0, 0]);
  });

  test("refuse at once what no limit can ever hold", async () => {
    using queue = openQueue(server.url);
    const path = pathOf(meter("tokens", 100));
    const tooLarge = acquire(queue, request(path, { demand: demandOf({ tokens: 101 }) }), never);
    await expect(tooLarge).rejects.toThrow("demand_exceeds_limit");
  });
});
