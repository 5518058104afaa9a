/** Tenants across processes: what outlives a killed gateway, and the command line beside one that runs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { askTenants } from "../../src/cli/tenants/tenant-desk.ts";
import { keyHash } from "../../src/runtime/policy/tenant-directory.ts";
import { openSqliteTenantStore } from "../../src/stores/tenants/sqlite/sqlite-tenant-store.ts";
import { chat, post, until } from "../support/gateway.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { answerJson, startUpstream } from "../support/gateway-upstream.ts";
import { MAIN } from "../support/main-path.ts";
import { askAdmin, DataFolder, KEY, USED } from "../support/tenant-gateway.ts";

/** An upstream, and a folder with a configuration before it. */
async function startWorld(
  tenants: object = { acme: { keys: [keyHash(KEY)], quotas: { rpd: 10 } } },
) {
  const folder = new DataFolder();
  const upstream = await startUpstream((response) => answerJson(response, 200, { usage: USED }));
  const it = { dialect: "openai", base_url: upstream.url, api_key: "k", limits: [] };
  const config = { server: { data_dir: folder.path }, tenants, upstreams: { it } };
  const file = `${folder.path}/sluice.json`;
  writeFileSync(file, JSON.stringify(config));
  return {
    folder,
    file,
    start: () => startGatewayProcess(file),
    /** What the command does, in this process. */
    ask(method: string, target: string, body?: Record<string, unknown>) {
      const [path, query] = target.split("?");
      const asked = Object.fromEntries(new URLSearchParams(query));
      return askTenants({ config: file }, { method, path: path.split("/"), query: asked, body });
    },
    /** The real command, with this configuration. */
    async sluice(...args: string[]) {
      const child = spawn(process.execPath, [MAIN, ...args, "-c", file], { stdio: "pipe" });
      const closed = once(child, "close");
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      const [code] = await closed;
      return { code, stdout, stderr };
    },
    async [Symbol.asyncDispose]() {
      await upstream[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

const send = async (url: string, key = KEY) => {
  const body = chat({ max_tokens: 50 });
  const headers = { "x-sluice-key": key };
  const answer = await post(`${url}/v1/chat/completions`, body, { headers });
  await answer.text();
  return answer.status;
};

const meStatus = async (url: string, key: string) =>
  (await fetch(`${url}/sluice/v1/me`, { headers: { "x-sluice-key": key } })).status;

const usedOf = async (url: string, key = KEY) => {
  const answer = await fetch(`${url}/sluice/v1/me`, { headers: { "x-sluice-key": key } });
  const { quotas } = (await answer.json()) as { quotas: Record<string, { used: number }> };
  return quotas.rpd?.used;
};

/** What a second ago was used is on disk by now. */
async function isWritten(folder: DataFolder, requests: number, tenant = "acme"): Promise<void> {
  const store = await openSqliteTenantStore(folder.path);
  await until(async () => {
    const uses = await store.usesOf(tenant, Date.now());
    return uses.some((use) => use.requests === requests);
  }, "the use is written");
  await store.close();
}

describe("a gateway that is killed", () => {
  test("knows after its restart what was used, and goes on counting from there", async () => {
    await using world = await startWorld();
    const first = await world.start();
    for (let i = 0; i < 7; i++) expect(await send(first.url)).toBe(200);
    await isWritten(world.folder, 7);
    await first.kill();
    await using second = await world.start();
    expect(await usedOf(second.url)).toBe(7);
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push(await send(second.url));
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect(second.log).toContain("tenant acme: 80 % of rpd used (8 of 10");
  });

  test("that ends in order has written all of it", async () => {
    await using world = await startWorld();
    const first = await world.start();
    for (let i = 0; i < 3; i++) await send(first.url);
    await first[Symbol.asyncDispose]();
    await using second = await world.start();
    expect(await usedOf(second.url)).toBe(3);
  });

  test("still has its tenants and keys, and none that was revoked", async () => {
    await using world = await startWorld();
    const first = await world.start();
    await askAdmin(first.url, "POST", "tenants", { id: "beta", quotas: { rpd: 5 } });
    const keys = [0, 1].map(() => askAdmin(first.url, "POST", "tenants/beta/keys", {}));
    const [one, two] = (await Promise.all(keys)).map(({ body }) => body);
    await askAdmin(first.url, "DELETE", `tenants/beta/keys/${two.id}`);
    await first.kill();
    await using second = await world.start();
    expect(await send(second.url, one.key)).toBe(200);
    expect(await send(second.url, two.key)).toBe(401);
  });
});

test("what another process changes in the data folder, a gateway that runs knows soon", async () => {
  await using world = await startWorld({});
  await using gateway = await world.start();
  const becomes = (key: string, status: number) =>
    until(async () => (await meStatus(gateway.url, key)) === status, `${status} for the key`);
  expect(await meStatus(gateway.url, "anything")).toBe(200);
  await world.ask("POST", "tenants", { id: "beta", quotas: { rpd: 9 } });
  const { key, id } = await world.ask("POST", "tenants/beta/keys", {});
  await becomes(String(key), 200);
  await becomes("anything", 401);
  expect(await send(gateway.url, String(key))).toBe(200);
  await world.ask("PATCH", "tenants/beta", { blocked: true });
  await becomes(String(key), 403);
  await world.ask("PATCH", "tenants/beta", { blocked: false });
  await becomes(String(key), 200);
  const next = await world.ask("POST", "tenants/beta/keys", { rotate: id });
  await becomes(String(next.key), 200);
  expect(await meStatus(gateway.url, String(key))).toBe(401);
  await isWritten(world.folder, 1, "beta");
  await world.ask("DELETE", "tenants/beta?erase=true");
  await becomes(String(next.key), 401);
  const { body } = await askAdmin(gateway.url, "GET", "audit");
  expect(JSON.stringify(body)).not.toContain("beta");
  await world.ask("POST", "tenants", { id: "beta", quotas: { rpd: 9 } });
  await until(async () => {
    const { body: shown } = await askAdmin(gateway.url, "GET", "tenants/beta");
    return shown.counts.quotas.rpd?.used === 0;
  }, "its successor begins at nothing");
});

describe("the command line", () => {
  test("makes tenants and keys in the data folder", async () => {
    await using world = await startWorld();
    const quotas = ["--quota", "rpd=9", "--quota", "tpd=5k"];
    const created = await world.sluice("tenant", "create", "beta", "--tier", "premium", ...quotas);
    expect(created).toMatchObject({ code: 0, stderr: "sluice: tenant beta is created\n" });
    const made = await world.sluice(
      "key",
      "create",
      "--tenant",
      "beta",
      "--expires",
      "90d",
      "--json",
    );
    expect(JSON.parse(made.stdout)).toMatchObject({
      tenant: "beta",
      key: expect.stringMatching(/^sk-sluice-/),
      hash: expect.stringMatching(/^sha256:/),
      state: "active",
    });
    const { stdout } = await world.sluice("tenant", "list");
    expect(stdout).toContain("beta\tpremium\tstore\topen\t1 keys\ttpd=5000 rpd=9\n");
    const shown = JSON.parse((await world.sluice("tenant", "show", "beta")).stdout);
    expect(shown).toMatchObject({ id: "beta", counts: { quotas: { rpd: { limit: 9, used: 0 } } } });
  });

  test("shows what a tenant of the file has used", async () => {
    await using world = await startWorld();
    await using gateway = await world.start();
    for (let i = 0; i < 3; i++) await send(gateway.url);
    await isWritten(world.folder, 3);
    const shown = await world.ask("GET", "tenants/acme");
    expect(shown).toMatchObject({ counts: { quotas: { rpd: { used: 3, remaining: 7 } } } });
  });

  test("rotates, revokes and lists keys", async () => {
    await using world = await startWorld();
    await world.ask("POST", "tenants", { id: "beta" });
    const { id } = await world.ask("POST", "tenants/beta/keys", { label: "ci" });
    const of = ["--tenant", "beta"];
    const rotated = await world.sluice(
      "key",
      "rotate",
      String(id),
      ...of,
      "--grace",
      "0",
      "--json",
    );
    const next = JSON.parse(rotated.stdout);
    expect(next).toMatchObject({ label: "ci", rotated: { id, state: "expired" } });
    expect((await world.sluice("key", "revoke", next.id, ...of)).code).toBe(0);
    const { stdout } = await world.sluice("key", "list", ...of);
    expect(stdout.split("\n").map((line) => line.split("\t")[2])).toEqual([
      "expired",
      "revoked",
      undefined,
    ]);
  });

  test("blocks, unblocks and erases tenants", async () => {
    await using world = await startWorld();
    await world.ask("POST", "tenants", { id: "beta" });
    expect((await world.sluice("tenant", "block", "beta")).stderr).toContain("beta is blocked");
    expect(await world.ask("GET", "tenants/beta")).toMatchObject({ blocked: true });
    expect((await world.sluice("tenant", "unblock", "beta")).stderr).toContain("beta is unblocked");
    expect(await world.ask("GET", "tenants/beta")).toMatchObject({ blocked: false });
    const erased = await world.sluice("tenant", "erase", "beta", "--json");
    expect(JSON.parse(erased.stdout)).toEqual({ id: "beta", erased: true, in_file: false });
    await expect(world.ask("GET", "tenants/beta")).rejects.toThrow('no tenant "beta"');
  });

  test("asks a running gateway by its URL and token", async () => {
    await using world = await startWorld();
    await using gateway = await world.start();
    const there = ["--url", gateway.url];
    expect((await world.sluice("tenant", "create", "beta", ...there)).code).toBe(0);
    const { stdout } = await world.sluice("key", "create", "--tenant", "beta", ...there);
    expect(await send(gateway.url, JSON.parse(stdout).key)).toBe(200);
    const listed = await world.sluice("tenant", "list", ...there);
    expect(listed.stdout.split("\n").map((line) => line.split("\t")[0])).toEqual([
      "acme",
      "beta",
      "default",
      "",
    ]);
    const kept = JSON.parse((await world.sluice("tenant", "export", "beta", ...there)).stdout);
    expect(kept).toMatchObject({ id: "beta", use: { day: { requests: 1 } } });
    expect(JSON.stringify(kept)).not.toContain(JSON.parse(stdout).key);
  });

  test.each<[readonly string[], number, RegExp]>([
    [["tenant", "create", "a b"], 2, /id: found "a b", expected 1 to 128 letters/],
    [["tenant", "create", "beta", "--quota", "tpm=5"], 2, /Allowed: name=amount/],
    [["tenant", "show", "nobody"], 1, /there is no tenant "nobody"/],
    [["tenant", "block", "acme"], 2, /change it there/],
    [["key", "create", "--tenant", "nobody"], 1, /there is no tenant/],
    [["key", "list"], 2, /--tenant/],
    [["tenant", "list", "--url", "ftp://x"], 2, /--url: found ftp:\/\/x/],
    [["tenant", "list", "--url", "http://127.0.0.1:9"], 1, /cannot reach http:\/\/127\.0\.0\.1:9/],
  ])("%j: says what is wrong", async (args, code, message) => {
    await using world = await startWorld();
    const ended = await world.sluice(...args);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(message);
  });
});

test("a data folder that cannot be used is an error at the start, if something has to be kept there", async () => {
  await using world = await startWorld();
  const blocked = { server: { data_dir: `${world.file}/data` }, upstreams: {} };
  writeFileSync(world.file, JSON.stringify(blocked));
  await using fine = await world.start();
  expect(await usedOf(fine.url)).toBe(undefined);
  const needed = { ...blocked, tenants: { acme: { quotas: { rpd: 5 } } } };
  writeFileSync(world.file, JSON.stringify(needed));
  await expect(world.start()).rejects.toThrow(/sluice: server\.data_dir .*ENOTDIR/);
});

test("ten thousand tenants have their keys, quotas and counts", async () => {
  await using world = await startWorld();
  const store = await openSqliteTenantStore(world.folder.path);
  const names = Array.from({ length: 10_000 }, (_, i) => `t${i}`);
  await store.apply(
    names.flatMap((id) => [
      {
        kind: "add-tenant" as const,
        tenant: {
          id,
          settings: {
            tier: "free",
            weight: 1,
            quotas: { rpd: 5, tpd: 1_000_000 },
            latency_max: "real-time",
          },
          isBlocked: false,
          createdAt: 0,
        },
      },
      {
        kind: "put-key" as const,
        tenant: id,
        key: {
          id: `key_${id}`,
          hash: keyHash(`sk-${id}`),
          hint: "",
          label: "",
          createdAt: 0,
          expiresAt: null,
          revokedAt: null,
        },
      },
    ]),
    { at: 0, who: "cli", action: "many", tenant: null, before: null, after: null },
  );
  await store.close();
  const first = await world.start();
  for (const id of ["t0", "t5000", "t9999", "t9999"])
    expect(await send(first.url, `sk-${id}`)).toBe(200);
  expect(await usedOf(first.url, "sk-t9999")).toBe(2);
  expect(await usedOf(first.url, "sk-t1")).toBe(0);
  const { body } = await askAdmin(first.url, "GET", "state");
  expect(Object.keys(body.tenants).sort()).toEqual(["acme", "default", "t0", "t5000", "t9999"]);
  await first[Symbol.asyncDispose]();
  await using second = await world.start();
  expect(await usedOf(second.url, "sk-t9999")).toBe(2);
});
