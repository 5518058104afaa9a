/** Connections: the Redis that users have, with TLS, users of few rights, databases and Sentinels. */

import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type Cluster, Redis } from "ioredis";
import { afterEach, describe, expect, test } from "vitest";
import { NO_DEMAND } from "../../../src/core/demand.ts";
import { acquire } from "../../../src/stores/redis/client/acquire.ts";
import { connect } from "../../../src/stores/redis/connection.ts";
import { LastingClient } from "../../../src/stores/redis/lasting-client.ts";
import { placeOf } from "../../../src/stores/redis/place.ts";
import { Certificates } from "../../support/redis/certificates.ts";
import { hasTls } from "../../support/redis/ensure-redis.ts";
import { KEY, meter, openQueue, pathOf, request } from "../../support/redis/queues.ts";
import { RedisServer } from "../../support/redis/redis-server.ts";
import { Sentinels } from "../../support/redis/sentinels.ts";

const never = new AbortController().signal;
const SLOT = pathOf(meter("concurrency", 1));

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

async function start(options: Parameters<typeof RedisServer.start>[0]): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  running.push(server);
  return server;
}

async function troubleOf(url: string): Promise<string | null> {
  const connection = connect(url);
  await expect.poll(() => connection.trouble).not.toBe("not connected yet");
  connection.close();
  return connection.trouble;
}

/** A slot goes from one instance to another, told by a message. */
async function handOver(url: string): Promise<void> {
  using here = openQueue(url);
  using there = openQueue(url);
  const holder = await acquire(here, request(SLOT), never);
  const next = acquire(there, request(SLOT), never);
  await sleep(30);
  here.settle(holder, NO_DEMAND);
  there.settle(await next, NO_DEMAND);
}

describe.skipIf(!hasTls())("a Redis with TLS", () => {
  test("is used with its own authority and a client's certificate, and by its name", async () => {
    using certificates = new Certificates();
    const { url } = await start({ certificates });
    await handOver(url);
    await handOver(`${url}&servername=redis.test`);
  });

  test("is not believed by another authority or another name, and says why", async () => {
    using certificates = new Certificates();
    using others = new Certificates();
    const { url } = await start({ certificates });
    expect(await troubleOf(url.replace(certificates.ca, others.ca))).toMatch(/certificate/i);
    expect(await troubleOf(`${url}&servername=other.test`)).toMatch(/altnames/);
  });

  test("whose authority is in no file is an error of the configuration", () => {
    expect(() => connect("rediss://127.0.0.1?ca=/nowhere/ca.pem")).toThrow(
      "store.url: ?ca=/nowhere/ca.pem cannot be read (ENOENT)",
    );
  });
});

describe("a Redis with users and databases", () => {
  test("is used by the user that is named, and tells if the password is wrong", async () => {
    const { url } = await start({});
    const admin = new Redis(url);
    await admin.call("ACL", "SETUSER", "sluice", "on", ">p@ss:1", "~*", "&*", "+@all");
    await admin.call("ACL", "SETUSER", "default", "resetpass", "off");
    admin.disconnect();
    await handOver(url.replace("//", "//sluice:p%40ss%3A1@"));
    expect(await troubleOf(url.replace("//", "//sluice:wrong@"))).toMatch(/WRONGPASS/);
  });

  test("keeps an account in the database that is named", async () => {
    const { url } = await start({});
    await handOver(`${url}/3`);
    const admin = new Redis(url);
    expect(await admin.exists(`${KEY}:state`)).toBe(0);
    await admin.select(3);
    expect(await admin.exists(`${KEY}:state`)).toBe(1);
    admin.disconnect();
  });
});

describe("a Redis behind Sentinels", () => {
  test("that dies in the middle is followed to its replica, and no slot is given twice", async () => {
    const sentinels = await Sentinels.start();
    running.push(sentinels);
    using here = openQueue(sentinels.url, { learningMs: 600 });
    using there = openQueue(sentinels.url, { learningMs: 600 });
    const holder = await acquire(here, request(SLOT), never);
    let isGranted = false;
    const next = acquire(there, request(SLOT), never).finally(() => {
      isGranted = true;
    });
    await sleep(300);
    await sentinels.master.kill();
    await expect
      .poll(sentinels.masterPort.bind(sentinels), { timeout: 20_000 })
      .toBe(sentinels.replica.port);
    await expect.poll(() => here.isFenced || there.isFenced, { timeout: 10_000 }).toBe(false);
    await sleep(1_000);
    expect(isGranted).toBe(false);
    here.settle(holder, NO_DEMAND);
    there.settle(await next, NO_DEMAND);
  });

  test("that becomes a replica while it is well is left for the new master", async () => {
    const sentinels = await Sentinels.start();
    running.push(sentinels);
    const fenced: boolean[] = [];
    using here = openQueue(sentinels.url, { onFenced: (isFenced) => fenced.push(isFenced) });
    const holder = await acquire(here, request(SLOT), never);
    const next = acquire(here, request(SLOT), never);
    await sentinels.failover();
    await expect
      .poll(sentinels.masterPort.bind(sentinels), { timeout: 20_000 })
      .toBe(sentinels.replica.port);
    here.settle(holder, NO_DEMAND);
    here.settle(await next, NO_DEMAND);
    const admin = new Redis(sentinels.replica.url);
    const steps = async () => (await admin.info("commandstats")).includes("cmdstat_evalsha");
    await expect.poll(steps, { timeout: 5_000 }).toBe(true);
    admin.disconnect();
  });
});

test("a connection that the client has given up is opened again", async () => {
  const server = await start({});
  const opened: (Redis | Cluster)[] = [];
  const lasting = new LastingClient(placeOf(server.url), (client) => opened.push(client));
  await once(opened[0], "ready");
  opened[0].disconnect(); // as it does by itself when it finds no way to go on
  await expect
    .poll(() => lasting.client.ping().catch(() => "away"), { timeout: 5_000 })
    .toBe("PONG");
  lasting.close();
  await sleep(300);
  expect(opened).toHaveLength(2);
});
