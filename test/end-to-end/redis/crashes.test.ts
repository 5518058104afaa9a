/** Crashes: instances are killed, Redis is restarted, paused and emptied; nobody loses capacity or a request. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, describe, expect, test } from "vitest";
import { NO_DEMAND } from "../../../src/core/demand.ts";
import { acquire } from "../../../src/stores/redis/client/acquire.ts";
import { Instance } from "../../support/redis/instance.ts";
import { meter, openQueue, pathOf, request } from "../../support/redis/queues.ts";
import { RedisServer } from "../../support/redis/redis-server.ts";

const PROCESS = join(import.meta.dirname, "../../support/redis/instance-process.ts");
const never = new AbortController().signal;
const SLOT = pathOf(meter("concurrency", 1));
const SLOTS = pathOf(meter("concurrency", 2));

let server: RedisServer;
let child: ChildProcess | null = null;
afterEach(async () => {
  child?.kill("SIGKILL");
  child = null;
  await server?.stop();
});

async function startInstance(): Promise<ChildProcess> {
  child = fork(PROCESS, [server.url], { execArgv: [] });
  await once(child, "message");
  return child;
}

/** How many of these have been granted after a while. */
async function grantedOf(waits: readonly Promise<unknown>[], ms: number): Promise<number> {
  let granted = 0;
  for (const wait of waits)
    wait.then(
      () => granted++,
      () => {},
    );
  await sleep(ms);
  return granted;
}

describe("an instance that is killed", () => {
  test("gives back its slots, and its waiters stand in nobody's way", async () => {
    server = await RedisServer.start();
    const instance = await startInstance();
    instance.send({ count: 2, path: SLOTS });
    await once(instance, "message");
    await once(instance, "message");
    instance.send({ count: 50, path: SLOTS });
    using queue = openQueue(server.url);
    const waits = [1, 2, 3].map(() => acquire(queue, request(SLOTS), never));
    expect(await grantedOf(waits, 300)).toBe(0);
    instance.kill("SIGKILL");
    const [first, second] = await Promise.all(waits.slice(0, 2));
    expect(await grantedOf(waits.slice(2), 100)).toBe(0);
    queue.settle(first, NO_DEMAND);
    queue.settle(await waits[2], NO_DEMAND);
    queue.settle(second, NO_DEMAND);
  });
});

describe("a Redis that", () => {
  test("is restarted and has kept nothing is told what runs and what waits", async () => {
    server = await RedisServer.start();
    using here = openQueue(server.url, { learningMs: 600 });
    using there = openQueue(server.url, { learningMs: 600 });
    const running = await acquire(here, request(SLOT), never);
    const waits = [here, there].map((queue) => acquire(queue, request(SLOT), never));
    await expect.poll(() => there.waiting).toBe(1);
    await sleep(50);
    await server.kill();
    await server.run();
    expect(await grantedOf(waits, 1_500)).toBe(0);
    here.settle(running, NO_DEMAND);
    const winner = await Promise.race(waits.map(async (wait, i) => ({ entry: await wait, i })));
    expect(await grantedOf([waits[1 - winner.i]], 200)).toBe(0);
    [here, there][winner.i].settle(winner.entry, NO_DEMAND);
    [here, there][1 - winner.i].settle(await waits[1 - winner.i], NO_DEMAND);
  });

  test("is restarted and has kept everything goes on where it was", async () => {
    server = await RedisServer.start({ isDurable: true });
    using queue = openQueue(server.url);
    const running = await acquire(queue, request(SLOT), never);
    const next = acquire(queue, request(SLOT), never);
    await sleep(50);
    await server.kill();
    await server.run();
    expect(await grantedOf([next], 700)).toBe(0);
    queue.settle(running, NO_DEMAND);
    queue.settle(await next, NO_DEMAND);
  });

  test("stands still for three seconds has declared nobody dead", async () => {
    server = await RedisServer.start();
    const fenced: boolean[] = [];
    using here = openQueue(server.url, { onFenced: (isFenced) => fenced.push(isFenced) });
    using there = openQueue(server.url);
    const running = await acquire(here, request(SLOT), never);
    const next = acquire(there, request(SLOT), never);
    await sleep(50);
    const admin = new Redis(server.url);
    await admin.call("DEBUG", "SLEEP", "3");
    expect(await grantedOf([next], 1_000)).toBe(0);
    expect(fenced).toEqual([true, false]);
    here.settle(running, NO_DEMAND);
    there.settle(await next, NO_DEMAND);
    admin.disconnect();
  });

  test("forgets its scripts is given them again", async () => {
    server = await RedisServer.start();
    using queue = openQueue(server.url);
    queue.settle(await acquire(queue, request(SLOT), never), NO_DEMAND);
    const admin = new Redis(server.url);
    await admin.script("FLUSH");
    queue.settle(await acquire(queue, request(SLOT), never), NO_DEMAND);
    admin.disconnect();
  });

  test("is emptied grants no slot twice", async () => {
    server = await RedisServer.start();
    using here = openQueue(server.url, { learningMs: 600 });
    using there = openQueue(server.url, { learningMs: 600 });
    const running = await acquire(here, request(SLOT), never);
    const admin = new Redis(server.url);
    await admin.flushall();
    const next = acquire(there, request(SLOT), never);
    expect(await grantedOf([next], 1_200)).toBe(0);
    here.settle(running, NO_DEMAND);
    there.settle(await next, NO_DEMAND);
    admin.disconnect();
  });
});

test("a step that fails while it writes costs nobody a slot or a request", async () => {
  server = await RedisServer.start();
  using here = openQueue(server.url, { learningMs: 600 });
  using there = openQueue(server.url, { learningMs: 600 });
  const running = await acquire(here, request(SLOT), never);
  const next = acquire(there, request(SLOT), never);
  await sleep(50);
  const redis = new Redis(server.url);
  const broken = new Instance(redis, { now: null }, "broken");
  broken.source = broken.source.replace("\nsaveLines()", '\nerror("injected")');
  await expect(broken.step()).rejects.toThrow("injected");
  redis.disconnect();
  expect(await grantedOf([next], 1_200)).toBe(0);
  here.settle(running, NO_DEMAND);
  there.settle(await next, NO_DEMAND);
});
