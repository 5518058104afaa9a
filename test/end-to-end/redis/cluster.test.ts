/** Cluster: an account lies in one slot, and goes on where the slot is moved to. */

import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { NO_DEMAND } from "../../../src/core/demand.ts";
import { acquire } from "../../../src/stores/redis/client/acquire.ts";
import { connect } from "../../../src/stores/redis/connection.ts";
import { asUser, createUser } from "../../support/redis/documented-rights.ts";
import { redisMajor } from "../../support/redis/ensure-redis.ts";
import { KEY, meter, openQueue, pathOf, request } from "../../support/redis/queues.ts";
import { type RedisCluster, startCluster } from "../../support/redis/redis-cluster.ts";

const never = new AbortController().signal;
const SLOT = pathOf(meter("concurrency", 1));

/** Moves the account's slot to the other master, key by key, as an operator does. */
async function migrateSlot({ admins, servers }: RedisCluster): Promise<void> {
  const slot = Number(await admins[0].call("CLUSTER", "KEYSLOT", KEY));
  const from = slot < 8192 ? 0 : 1;
  const to = 1 - from;
  const ids = await Promise.all(admins.map((admin) => admin.call("CLUSTER", "MYID")));
  await admins[to].call("CLUSTER", "SETSLOT", slot, "IMPORTING", String(ids[from]));
  await admins[from].call("CLUSTER", "SETSLOT", slot, "MIGRATING", String(ids[to]));
  for (;;) {
    const keys = (await admins[from].call("CLUSTER", "GETKEYSINSLOT", slot, 100)) as string[];
    if (keys.length === 0) break;
    const where = ["127.0.0.1", String(servers[to].port), "", "0", "1000", "REPLACE"];
    await admins[from].call("MIGRATE", ...where, "KEYS", ...keys);
  }
  for (const i of [to, from]) {
    await admins[i].call("CLUSTER", "SETSLOT", slot, "NODE", String(ids[to]));
  }
}

test("an account whose slot is moved while it is used grants no slot twice and forgets nobody", async () => {
  await using cluster = await startCluster();
  const { url } = cluster;
  using here = openQueue(url);
  using there = openQueue(url);
  const holder = await acquire(here, request(SLOT), never);
  const waits = [here, there].map((queue) => acquire(queue, request(SLOT), never));
  let granted = 0;
  for (const wait of waits) wait.then(() => granted++);
  await sleep(300);
  await migrateSlot(cluster);
  await sleep(1_000);
  expect([granted, here.waiting, there.waiting, here.isFenced]).toEqual([0, 1, 1, false]);
  here.settle(holder, NO_DEMAND);
  const [first, second] = await Promise.race(
    waits.map(async (wait, i) => [[here, there][i], await wait] as const),
  );
  await sleep(300);
  expect(granted).toBe(1);
  first.settle(second, NO_DEMAND);
  await expect.poll(() => granted).toBe(2);
});

test("messages of an account go through its own shard, also after its slot has moved", async () => {
  await using cluster = await startCluster();
  const { url, admins } = cluster;
  using here = openQueue(url);
  using there = openQueue(url);
  const holder = await acquire(here, request(SLOT), never);
  const next = acquire(there, request(SLOT), never);
  await sleep(50);
  here.settle(holder, NO_DEMAND);
  there.settle(await next, NO_DEMAND);
  const connection = connect(url);
  const channel = `${KEY}:wake:test`;
  let heard = 0;
  connection.listen(channel, () => heard++);
  const publish = redisMajor() >= 7 ? "SPUBLISH" : "PUBLISH";
  const isHeardFrom = async (i: number) => {
    heard = 0;
    const tell = () => admins[i].call(publish, channel, "").then(() => heard > 0);
    await expect.poll(() => tell().catch(() => false), { timeout: 5_000 }).toBe(true);
  };
  const slot = Number(await admins[0].call("CLUSTER", "KEYSLOT", KEY));
  const from = slot < 8192 ? 0 : 1;
  const used = await admins[from].info("commandstats");
  expect(used).toContain(`cmdstat_${publish.toLowerCase()}:`);
  await isHeardFrom(from);
  await migrateSlot(cluster);
  // The next step is told where the account is now.
  await connection.step(KEY, Buffer.of()).catch(() => {});
  await isHeardFrom(1 - from);
  connection.close();
});

test("the user of docs/redis.md is enough in a cluster", async () => {
  await using cluster = await startCluster();
  const { servers, admins } = cluster;
  for (const admin of admins) await createUser(admin, true);
  using here = openQueue(asUser(`${servers[0].url}?cluster`));
  using there = openQueue(asUser(`${servers[1].url}?cluster`));
  const holder = await acquire(here, request(SLOT), never);
  const next = acquire(there, request(SLOT), never);
  await sleep(50);
  here.settle(holder, NO_DEMAND);
  there.settle(await next, NO_DEMAND);
});
