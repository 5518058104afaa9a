/** Rights: the user of docs/redis.md may do all that Sluice does, and nothing to other keys. */

import { readdirSync, readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NO_DEMAND } from "../../../src/core/demand.ts";
import { acquire } from "../../../src/stores/redis/client/acquire.ts";
import { asUser, createUser, RULES } from "../../support/redis/documented-rights.ts";
import { meter, openQueue, pathOf, request } from "../../support/redis/queues.ts";
import { RedisServer } from "../../support/redis/redis-server.ts";

const LUA = ["redis", "tenants/redis"].map(
  (folder) => new URL(`../../../src/stores/${folder}/lua/`, import.meta.url),
);
let server: RedisServer;
let admin: Redis;
beforeEach(async () => {
  server = await RedisServer.start();
  admin = new Redis(server.url);
  await createUser(admin);
});
afterEach(async () => {
  admin?.disconnect();
  await server?.stop();
});

test("the user of the page is enough for slots that go from one instance to another", async () => {
  const url = asUser(server.url);
  const path = pathOf(meter("concurrency", 1));
  using here = openQueue(url);
  using there = openQueue(url);
  const holder = await acquire(here, request(path), AbortSignal.timeout(5_000));
  const next = acquire(there, request(path), AbortSignal.timeout(5_000));
  await expect.poll(() => there.waiting).toBe(1);
  here.settle(holder, NO_DEMAND);
  there.settle(await next, NO_DEMAND);
  const denied = (await admin.call("ACL", "LOG")) as unknown[];
  expect(denied).toEqual([]);
});

test("the user of the page may run every command of the scripts", () => {
  const rules = RULES.join(" ").split(" ");
  const files = LUA.flatMap((folder) => readdirSync(folder).map((name) => new URL(name, folder)));
  const text = files.map((file) => readFileSync(file, "utf8"));
  const uses = text.join("\n").matchAll(/\b(?:call|callWithAll|write|size)\(\s*"([A-Z]+)"/g);
  const missing = [...uses].filter(([, name]) => !rules.includes(`+${name.toLowerCase()}`));
  expect(missing.map(([, name]) => name)).toEqual([]);
});

test("the user of the page may do nothing else", async () => {
  const user = new Redis(asUser(server.url));
  await expect(user.get("other")).rejects.toThrow("NOPERM");
  await expect(user.flushall()).rejects.toThrow("NOPERM");
  await expect(user.eval("return redis.call('GET', 'other')", 0)).rejects.toThrow();
  user.disconnect();
});
