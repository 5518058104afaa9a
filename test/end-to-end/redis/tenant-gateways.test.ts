/** Tenants of gateways that share a Redis: made at one, known at all; where Redis is, and when it is not there. */
import { writeFileSync } from "node:fs";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { askTenants } from "../../../src/cli/tenants/tenant-desk.ts";
import { SluiceError } from "../../../src/index.ts";
import { keyHash } from "../../../src/runtime/policy/tenant-directory.ts";
import { tenantsInRedis } from "../../../src/stores/tenants/redis/open-redis-tenants.ts";
import { chat, post } from "../../support/gateway.ts";
import { startGatewayProcess } from "../../support/gateway-process.ts";
import { answerJson, startUpstream } from "../../support/gateway-upstream.ts";
import { asUser, createUser } from "../../support/redis/documented-rights.ts";
import { startCluster } from "../../support/redis/redis-cluster.ts";
import { RedisServer } from "../../support/redis/redis-server.ts";
import { TcpProxy } from "../../support/redis/tcp-proxy.ts";
import { acquireAt, openInstance } from "../../support/redis/tenant-instances.ts";
import { DataFolder, USED } from "../../support/tenant-gateway.ts";

const SETTINGS = { tier: "free", weight: 1, quotas: { rpd: 5 }, latency_max: "real-time" };

let server: RedisServer;
beforeEach(async () => {
  server = await RedisServer.start();
});
afterEach(async () => {
  await server.stop();
});

async function startWorld(url = server.url) {
  const folder = new DataFolder();
  const upstream = await startUpstream((response) => answerJson(response, 200, { usage: USED }));
  const it = { dialect: "openai", base_url: upstream.url, api_key: "k", limits: [] };
  const config = {
    server: { data_dir: `${folder.path}/unused` },
    store: { kind: "redis", url },
    upstreams: { it },
  };
  const file = `${folder.path}/sluice.json`;
  writeFileSync(file, JSON.stringify(config));
  return {
    start: () => startGatewayProcess(file),
    ask: (method: string, path: string, body?: Record<string, unknown>) =>
      askTenants({ config: file }, { method, path: path.split("/"), body }),
    async [Symbol.asyncDispose]() {
      await upstream[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

async function send(url: string, key: unknown): Promise<number> {
  const headers = { "x-sluice-key": String(key) };
  const answer = await post(`${url}/v1/chat/completions`, chat({ max_tokens: 50 }), { headers });
  await answer.text();
  return answer.status;
}

async function meOf(url: string, key: unknown) {
  const answer = await fetch(`${url}/sluice/v1/me`, { headers: { "x-sluice-key": String(key) } });
  const body = (await answer.json()) as {
    readonly use: { readonly day: { readonly requests: number; readonly tokens: number } };
    readonly quotas: { readonly rpd: { readonly used: number } };
  };
  return { status: answer.status, body };
}

describe("two gateways and a command line", () => {
  test("know one tenant, its key and its quota, and what it has used at both", async () => {
    await using world = await startWorld();
    await using here = await world.start();
    await using there = await world.start();
    await world.ask("POST", "tenants", { id: "beta", quotas: { rpd: 5 } });
    const { key, id } = await world.ask("POST", "tenants/beta/keys", {});
    for (const { url } of [here, there]) {
      await expect.poll(async () => (await meOf(url, key)).status, { timeout: 5_000 }).toBe(200);
    }
    const urls = [here.url, there.url, here.url, there.url, here.url, there.url, here.url];
    const statuses: number[] = [];
    for (const url of urls) statuses.push(await send(url, key));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    for (const { url } of [here, there]) {
      const { use, quotas } = (await meOf(url, key)).body;
      expect([use.day.requests, use.day.tokens, quotas.rpd.used]).toEqual([5, 500, 5]);
    }
    await world.ask("POST", "tenants/beta/quota", { reset: ["rpd"] });
    await expect.poll(() => send(there.url, key), { timeout: 5_000 }).toBe(200);
    await world.ask("DELETE", `tenants/beta/keys/${id}`);
    for (const { url } of [here, there]) {
      await expect.poll(async () => (await meOf(url, key)).status, { timeout: 5_000 }).toBe(401);
    }
    const { entries } = await world.ask("GET", "audit");
    expect((entries as { action: string }[]).map(({ action }) => action)).toEqual([
      "key-revoked",
      "quota-reset",
      "key-created",
      "tenant-created",
    ]);
  });

  test("do not start without their Redis, and say where it should be and why", async () => {
    await using world = await startWorld("redis://user:secret@127.0.0.1:1");
    const failed = world.start();
    await expect(failed).rejects.toThrow(
      /store\.url redis:\/\/127\.0\.0\.1:1: connect ECONNREFUSED/,
    );
    await expect(failed).rejects.not.toThrow(/secret/);
  });
});

test("the user of docs/redis.md is enough", async () => {
  const admin = new Redis(server.url);
  await createUser(admin);
  admin.disconnect();
  const url = asUser(server.url);
  await using here = await openInstance(url, { quotas: { rpd: 2 }, max_parallel_requests: 1 });
  await using there = await openInstance(url, { quotas: { rpd: 2 }, max_parallel_requests: 1 });
  for (const one of [here, there]) (await acquireAt(one)).settle();
  await expect(acquireAt(here)).rejects.toMatchObject({ code: "tenant_quota_exhausted" });
  await here.runtime.tenancy.tick();
  expect([here, there].map(({ runtime }) => runtime.tenancy.isHealthy)).toEqual([true, true]);
});

test("a call whose tenant's slot can no longer be renewed is ended before others have the slot", async () => {
  const proxy = await TcpProxy.start(server.port);
  const acme = { max_parallel_requests: 1 };
  const upstream = await startUpstream(() => {}); // never answers
  const it = { dialect: "generic", base_url: upstream.url, limits: [{ rpm: 1e6 }] };
  await using here = await openInstance(proxy.url, acme, { upstreams: { it } });
  await using there = await openInstance(server.url, acme, { upstreams: { it } });
  const call = here.task({ tenant: "acme" }, () =>
    here.fetch(`${upstream.url}/x`, { method: "POST" }),
  );
  await expect.poll(() => upstream.received.length, { timeout: 5_000 }).toBe(1);
  proxy.cut();
  const order: string[] = [];
  const [answer, slot] = await Promise.all([
    call.finally(() => order.push("ended")),
    acquireAt(there).finally(() => order.push("granted")),
  ]);
  expect(order).toEqual(["ended", "granted"]);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ error: { code: "store_unavailable" } });
  slot.settle();
  await proxy.stop();
  await upstream[Symbol.asyncDispose]();
});

test("in a cluster each tenant's counts may lie elsewhere", async () => {
  await using cluster = await startCluster();
  const quotas = { rpd: 10 };
  const more = {
    tenants: Object.fromEntries(["acme", "b", "c", "d"].map((id) => [id, { quotas }])),
  };
  await using here = await openInstance(cluster.url, {}, more);
  await using there = await openInstance(cluster.url, {}, more);
  for (const tenant of ["acme", "b", "c", "d"]) {
    let served = 0;
    for (const one of [here, there]) {
      for (;;) {
        try {
          (await one.acquire({ upstream: "it", tenant, maxWaitMs: 5_000 })).settle();
          served++;
        } catch (error) {
          expect(SluiceError.isInstance(error) && error.code).toBe("tenant_quota_exhausted");
          break;
        }
      }
    }
    expect([tenant, served]).toEqual([tenant, 10]);
  }
  const store = await here.runtime.tenancy.store.open();
  const tenant = { id: "e", settings: SETTINGS, isBlocked: false, createdAt: 1 };
  const entry = { at: 1, who: "cli", action: "made", tenant: "e", before: null, after: null };
  await store.apply([{ kind: "add-tenant", tenant }], entry);
  const known = () => there.runtime.directory.known.has("e");
  await expect.poll(known, { timeout: 5_000 }).toBe(true);
});

test("ten thousand tenants are read page by page, and their keys are known", async () => {
  const place = { url: server.url, prefix: "sluice", domain: "per-upstream" } as const;
  const store = await tenantsInRedis(place).open();
  const names = Array.from({ length: 10_000 }, (_, i) => `t${String(i).padStart(4, "0")}`);
  const entry = { at: 0, who: "cli", action: "many", tenant: null, before: null, after: null };
  await store.apply(
    names.flatMap((id) => [
      {
        kind: "add-tenant" as const,
        tenant: { id, settings: SETTINGS, isBlocked: false, createdAt: 0 },
      },
      {
        kind: "put-key" as const,
        tenant: id,
        key: {
          ...{ id: `key_${id}`, hash: keyHash(`sk-${id}`), hint: "", label: "" },
          ...{ createdAt: 0, expiresAt: null, revokedAt: null },
        },
      },
    ]),
    entry,
  );
  const found: string[] = [];
  for (let after = ""; ; after = found[found.length - 1]) {
    const page = await store.list({ prefix: "t", after, limit: 999 });
    found.push(...page.map(({ id }) => id));
    if (page.length < 999) break;
  }
  expect(found).toEqual(names);
  await store.close();
  await using here = await openInstance(server.url, {});
  expect(here.runtime.directory.withKey("sk-t9999")?.tenant.id).toBe("t9999");
});
