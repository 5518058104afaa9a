/** Network: messages are lost, connections cut, another Redis takes over and has not heard of everything. */

import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, describe, expect, test } from "vitest";
import { demandOf, NO_DEMAND } from "../../../src/core/demand.ts";
import { acquire } from "../../../src/stores/redis/client/acquire.ts";
import { inMs, meter, openQueue, pathOf, request } from "../../support/redis/queues.ts";
import { RedisServer } from "../../support/redis/redis-server.ts";
import { TcpProxy } from "../../support/redis/tcp-proxy.ts";

const never = new AbortController().signal;
const SLOT = pathOf(meter("concurrency", 1));

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

async function startRedis(args: readonly string[] = []): Promise<RedisServer> {
  const server = await RedisServer.start({ args });
  running.push(server);
  return server;
}

async function startProxy(target: number): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(target);
  running.push(proxy);
  return proxy;
}

describe("messages between instances", () => {
  test("may be lost: a heartbeat fetches what they would have told", async () => {
    const server = await startRedis();
    using here = openQueue(server.url);
    using there = openQueue(server.url);
    const holder = await acquire(here, request(SLOT), never);
    const next = acquire(there, request(SLOT), never);
    await sleep(50);
    const admin = new Redis(server.url);
    const deaf = setInterval(
      () => admin.call("CLIENT", "KILL", "TYPE", "pubsub").catch(() => {}),
      5,
    );
    await sleep(20);
    here.settle(holder, NO_DEMAND);
    there.settle(await next, NO_DEMAND);
    clearInterval(deaf);
    admin.disconnect();
  });
});

describe("an instance whose network is cut", () => {
  test("for less than its lease loses nothing", async () => {
    const server = await startRedis();
    const proxy = await startProxy(server.port);
    const fenced: boolean[] = [];
    using here = openQueue(proxy.url, { onFenced: (isFenced) => fenced.push(isFenced) });
    using there = openQueue(server.url);
    const holder = await acquire(here, request(SLOT), never);
    const next = acquire(there, request(SLOT), never);
    proxy.cut();
    await sleep(600);
    proxy.mend();
    await sleep(1_000);
    expect([fenced, there.waiting]).toEqual([[], 1]);
    here.settle(holder, NO_DEMAND);
    there.settle(await next, NO_DEMAND);
  });

  test("is fenced before its slots are given away, and comes back as a newcomer", async () => {
    const server = await startRedis();
    const proxy = await startProxy(server.port);
    const log: string[] = [];
    using here = openQueue(proxy.url, {
      onFenced: (isFenced) => log.push(isFenced ? "fenced" : "back"),
    });
    using there = openQueue(server.url);
    await acquire(here, request(SLOT), never);
    const waiting = acquire(here, request(SLOT), never);
    const next = acquire(there, request(SLOT), never).then((entry) => {
      log.push("given away");
      return entry;
    });
    await sleep(50);
    proxy.cut();
    const entry = await next;
    proxy.mend();
    await expect.poll(() => log).toEqual(["fenced", "given away", "back"]);
    there.settle(entry, NO_DEMAND);
    // Its first request still runs, so the second one waits for that, wherever it is counted.
    await sleep(300);
    expect([here.running, here.waiting]).toEqual([1, 1]);
    waiting.catch(() => {});
  });

  test("ends its waits on time by itself", async () => {
    const server = await startRedis();
    const proxy = await startProxy(server.port);
    using queue = openQueue(proxy.url);
    await acquire(queue, request(SLOT), never);
    proxy.cut();
    const late = acquire(queue, request(SLOT, { expiresAt: inMs(700) }), never);
    await expect(late).rejects.toThrow("max_wait_exceeded");
    expect(queue.waiting).toBe(0);
  });
});

describe("a Redis that takes over", () => {
  test("without the last writes is told of them: no slot and no token is given twice", async () => {
    const master = await startRedis(["--repl-diskless-sync-delay", "0"]);
    const replica = await startRedis(["--replicaof", "127.0.0.1", String(master.port)]);
    const proxy = await startProxy(master.port);
    const path = pathOf(meter("concurrency", 2), meter("tokens", 1_000, 3_600_000));
    using here = openQueue(proxy.url, { learningMs: 600 });
    using there = openQueue(proxy.url, { learningMs: 600 });
    const ask = (queue: typeof here, tokens: number) =>
      acquire(queue, request(path, { demand: demandOf({ requests: 1, tokens }) }), never);
    const first = await ask(here, 100);
    await acquire(there, request(path, { demand: demandOf({}) }), never);
    const admin = new Redis(replica.url);
    await expect.poll(() => admin.exists("{sluice:test}:state")).toBe(1);
    await sleep(300);
    await admin.call("REPLICAOF", "NO", "ONE");
    // What happens now the replica will never hear of.
    here.settle(first, demandOf({ requests: 1, tokens: 150 }));
    await ask(here, 600);
    await sleep(100);
    proxy.target = replica.port;
    await master.kill();
    proxy.drop();
    const next = [ask(there, 300), ask(here, 0)];
    let granted = 0;
    for (const one of next)
      one.then(
        () => granted++,
        () => {},
      );
    await sleep(1_800);
    // 2 slots run; of 1,000 tokens 150 are counted and 600 reserved, and half of the limit is not believed.
    expect([granted, here.running + there.running]).toEqual([0, 2]);
    admin.disconnect();
  });
});
