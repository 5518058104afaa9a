/** The contract of every tenant store, and what only the one on disk has. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asUser, createUser } from "../../../test/support/redis/documented-rights.ts";
import { RedisServer } from "../../../test/support/redis/redis-server.ts";
import { tenantsInFolder } from "./late-tenant-store.ts";
import { MemoryTenantStore } from "./memory-tenant-store.ts";
import { type RedisPlace, tenantsInRedis } from "./redis/open-redis-tenants.ts";
import { openSqliteTenantStore } from "./sqlite/sqlite-tenant-store.ts";
import type { AuditEntry, StoredKey, StoredUse, TenantStore } from "./tenant-store.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-store-"));
  folders.push(folder);
  return folder;
}

const ENTRY: AuditEntry = {
  at: 1,
  who: "token",
  action: "tenant-created",
  tenant: "acme",
  before: null,
  after: { tier: "gold" },
};
const DAY_END = 1_000;
const NOW = 10;

function tenant(id: string, settings = {}) {
  return { id, settings, isBlocked: false, createdAt: 5 };
}

function key(id: string, more: Partial<StoredKey> = {}): StoredKey {
  return {
    id,
    hash: `sha256:${id}`,
    hint: "abcd",
    label: "",
    createdAt: 5,
    expiresAt: null,
    revokedAt: null,
    ...more,
  };
}

function use(more: Partial<StoredUse> = {}): StoredUse {
  const amounts = { requests: 1, tokens: 100, usdMicros: 7 };
  return { tenant: "acme", span: "day", endsAt: DAY_END, ...amounts, ...more };
}

async function withAcme(store: TenantStore): Promise<TenantStore> {
  await store.apply([{ kind: "add-tenant", tenant: tenant("acme", { tier: "gold" }) }], ENTRY);
  return store;
}

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
  const admin = new Redis(redis.url);
  await createUser(admin);
  admin.disconnect();
});
afterAll(async () => {
  await redis.stop();
});

/** A store of its own for each test: another prefix. The user may do what docs/redis.md says, no more. */
function newPlace(): RedisPlace {
  return { url: asUser(redis.url), prefix: `sluice-${places++}`, domain: "per-upstream" };
}
let places = 0;

const STORES: readonly [string, () => Promise<TenantStore>][] = [
  ["memory", async () => new MemoryTenantStore()],
  ["sqlite", () => openSqliteTenantStore(newFolder())],
  ["Redis", () => tenantsInRedis(newPlace()).open()],
  ["Redis, under one hash tag", () => tenantsInRedis({ ...newPlace(), domain: "single" }).open()],
];

describe.each(STORES)("a tenant store in %s", (_, open) => {
  test("is empty at first", async () => {
    const store = await open();
    expect(await store.load(NOW)).toEqual({
      tenants: [],
      raises: [],
      uses: [],
      hasHadKeys: false,
    });
    expect(await store.tenant("acme")).toBe(null);
    await store.close();
  });

  test("gives back what it was given, keys in the order they were made", async () => {
    const store = await withAcme(await open());
    const keys = [key("a"), key("b", { createdAt: 6, expiresAt: 99, label: "ci" })];
    for (const one of keys) {
      await store.apply([{ kind: "put-key", tenant: "acme", key: one }], ENTRY);
    }
    const whole = { ...tenant("acme", { tier: "gold" }), keys };
    expect(await store.tenant("acme")).toEqual(whole);
    expect(await store.load(NOW)).toMatchObject({ tenants: [whole], hasHadKeys: true });
    await store.close();
  });

  test("changes a tenant and its keys, and leaves what it does not know", async () => {
    const store = await withAcme(await open());
    await store.apply([{ kind: "put-key", tenant: "acme", key: key("a") }], ENTRY);
    await store.apply(
      [
        { kind: "change-tenant", tenant: { ...tenant("acme", { tier: "tin" }), isBlocked: true } },
        { kind: "change-tenant", tenant: tenant("nobody") },
        { kind: "put-key", tenant: "acme", key: key("a", { revokedAt: 20 }) },
        { kind: "put-key", tenant: "nobody", key: key("z") },
      ],
      ENTRY,
    );
    expect(await store.tenant("nobody")).toBe(null);
    expect(await store.tenant("acme")).toMatchObject({
      settings: { tier: "tin" },
      isBlocked: true,
      keys: [key("a", { revokedAt: 20 })],
    });
    await store.apply([{ kind: "remove-key", tenant: "acme", id: "a" }], ENTRY);
    expect(await store.tenant("acme")).toMatchObject({ keys: [] });
    expect(await store.load(NOW)).toMatchObject({ hasHadKeys: true });
    await store.close();
  });

  test("takes all of several changes and their entry, or nothing", async () => {
    const store = await withAcme(await open());
    const changes = [
      { kind: "add-tenant", tenant: tenant("beta") },
      { kind: "add-tenant", tenant: tenant("acme") },
    ] as const;
    await expect(store.apply(changes, ENTRY)).rejects.toThrow("tenant acme exists already");
    expect(await store.tenant("beta")).toBe(null);
    expect(await store.audit({ tenant: null, before: 99, limit: 10 })).toHaveLength(1);
    await store.close();
  });

  test("lists by name, by prefix, page by page", async () => {
    const store = await open();
    for (const id of ["b2", "a1", "b1", "b3", "c", "B"]) {
      await store.apply([{ kind: "add-tenant", tenant: tenant(id) }], ENTRY);
    }
    const ids = async (prefix: string, after: string, limit = 9) =>
      (await store.list({ prefix, after, limit })).map(({ id }) => id);
    expect(await ids("", "")).toEqual(["B", "a1", "b1", "b2", "b3", "c"]);
    expect(await ids("b", "", 2)).toEqual(["b1", "b2"]);
    expect(await ids("b", "b2", 2)).toEqual(["b3"]);
    expect(await ids("x", "")).toEqual([]);
    expect(await store.count()).toBe(6);
    await store.close();
  });

  test("adds use up in its window, and begins again with the next", async () => {
    const store = await open();
    await store.addUse([use(), use({ span: "month", endsAt: 9_000 })]);
    await store.addUse([use()]);
    const found = async () => (await store.usesOf("acme", NOW)).find(({ span }) => span === "day");
    expect(await found()).toEqual(use({ requests: 2, tokens: 200, usdMicros: 14 }));
    await store.addUse([use({ endsAt: 2_000, requests: 5 })]);
    expect(await found()).toEqual(use({ endsAt: 2_000, requests: 5 }));
    await store.addUse([use()]); // late, of a window that is over
    expect(await found()).toEqual(use({ endsAt: 2_000, requests: 5 }));
    expect((await store.load(2_000)).uses.map(({ span }) => span)).toEqual(["month"]);
    await store.close();
  });

  test("begins one count again", async () => {
    const store = await withAcme(await open());
    await store.addUse([use(), use({ span: "month", endsAt: 9_000 })]);
    const reset = { kind: "reset-use", tenant: "acme", span: "day", counts: "usd" } as const;
    await store.apply([reset], ENTRY);
    const uses = await store.usesOf("acme", NOW);
    expect(uses.map(({ tokens, usdMicros }) => [tokens, usdMicros])).toEqual([
      [100, 0],
      [100, 7],
    ]);
    await store.close();
  });

  test("keeps one raise for each quota", async () => {
    const store = await withAcme(await open());
    const raise = { tenant: "acme", quota: "tpd", amount: 5.5, until: 50 };
    const further = { ...raise, quota: "rpd" };
    for (const one of [{ ...raise, amount: 1 }, raise, further]) {
      await store.apply([{ kind: "put-raise", raise: one }], ENTRY);
    }
    expect(await store.raisesOf("acme")).toHaveLength(2);
    await store.apply([{ kind: "remove-raise", tenant: "acme", quota: "rpd" }], ENTRY);
    expect(await store.raisesOf("acme")).toEqual([raise]);
    await store.close();
  });

  test("tells the audit log newest first, in pages, of one tenant or of all", async () => {
    const store = await open();
    for (const [at, name] of ["acme", "beta", "acme"].entries()) {
      await store.note({ ...ENTRY, at, tenant: name });
    }
    await store.note({ ...ENTRY, at: 3, tenant: null, before: { a: [1, null] } });
    const page = async (about: string | null, before: number, limit = 2) =>
      (await store.audit({ tenant: about, before, limit })).map(({ at }) => at);
    const first = await store.audit({ tenant: null, before: 99, limit: 2 });
    expect(first.map(({ at }) => at)).toEqual([3, 2]);
    expect(first[0]).toEqual({ ...ENTRY, at: 3, tenant: null, before: { a: [1, null] }, id: 4 });
    expect(await page(null, first[1].id)).toEqual([1, 0]);
    expect(await page("acme", 99)).toEqual([2, 0]);
    await store.forgetAudit(2);
    expect(await page(null, 99)).toEqual([3, 2]);
    await store.close();
  });

  test("exports everything of one tenant, and erases all of it", async () => {
    const store = await withAcme(await open());
    const raise = { tenant: "acme", quota: "tpd", amount: 5, until: 50 };
    await store.apply(
      [
        { kind: "put-key", tenant: "acme", key: key("a") },
        { kind: "put-raise", raise },
        { kind: "add-tenant", tenant: tenant("beta") },
      ],
      { ...ENTRY, action: "more" },
    );
    await store.addUse([use(), use({ tenant: "beta" })]);
    const kept = await store.exportOf("acme");
    expect(kept).toMatchObject({ tenant: { id: "acme", keys: [key("a")] }, raises: [raise] });
    expect(kept.uses).toEqual([use()]);
    expect(kept.audit.map(({ action }) => action)).toEqual(["more", "tenant-created"]);
    const erased = { ...ENTRY, action: "tenant-erased", tenant: null, after: null };
    await store.apply([{ kind: "erase", tenant: "acme" }], erased);
    expect(await store.exportOf("acme")).toEqual({ tenant: null, raises: [], uses: [], audit: [] });
    expect((await store.exportOf("beta")).uses).toHaveLength(1);
    expect((await store.audit({ tenant: null, before: 99, limit: 9 })).map((one) => one.action)) //
      .toEqual(["tenant-erased"]);
    await store.close();
  });

  test("removes a tenant with its keys and raises, but not what it has used", async () => {
    const store = await withAcme(await open());
    const raise = { tenant: "acme", quota: "tpd", amount: 5, until: 50 };
    const changes = [
      { kind: "put-key", tenant: "acme", key: key("a") },
      { kind: "put-raise", raise },
    ] as const;
    await store.apply(changes, ENTRY);
    await store.addUse([use()]);
    await store.apply([{ kind: "remove-tenant", id: "acme" }], ENTRY);
    expect(await store.exportOf("acme")).toMatchObject({ tenant: null, raises: [], uses: [use()] });
    // Another one of its name comes without the keys of the first.
    await withAcme(store);
    expect(await store.tenant("acme")).toMatchObject({ keys: [] });
    await store.close();
  });
});

describe("a tenant store on disk", () => {
  test("keeps all of it when it is closed and opened again", async () => {
    const folder = newFolder();
    const store = await withAcme(await openSqliteTenantStore(folder));
    await store.apply([{ kind: "put-key", tenant: "acme", key: key("a") }], ENTRY);
    await store.addUse([use()]);
    const before = await store.load(NOW);
    await store.close();
    const again = await openSqliteTenantStore(folder);
    expect(await again.load(NOW)).toEqual(before);
    await again.close();
  });

  test("tells what other processes have changed, each once, and nothing of use", async () => {
    const folder = newFolder();
    const here = await withAcme(await openSqliteTenantStore(folder));
    const there = await openSqliteTenantStore(folder);
    expect(await there.changed()).toEqual([]);
    const add = (id: string) =>
      here.apply([{ kind: "add-tenant", tenant: tenant(id) }], { ...ENTRY, tenant: id });
    await add("b");
    await add("c");
    await here.apply([{ kind: "put-key", tenant: "b", key: key("x") }], ENTRY);
    expect(await there.changed()).toEqual([
      { tenant: "b", isErased: false },
      { tenant: "c", isErased: false },
    ]);
    expect(await there.changed()).toEqual([]);
    await here.addUse([use()]);
    expect(await there.changed()).toEqual([]);
    await here.apply([{ kind: "erase", tenant: "b" }], ENTRY);
    expect(await there.changed()).toEqual([{ tenant: "b", isErased: true }]);
    expect(await there.tenant("b")).toBe(null);
    await here.close();
    await there.close();
  });

  test("says that all may have changed when it was too much to remember", async () => {
    const folder = newFolder();
    const here = await withAcme(await openSqliteTenantStore(folder));
    const there = await openSqliteTenantStore(folder);
    const change = { kind: "change-tenant", tenant: tenant("acme") } as const;
    await here.apply(
      Array.from({ length: 10_002 }, () => change),
      ENTRY,
    );
    expect(await there.changed()).toBe("all");
    expect(await there.changed()).toEqual([]);
    await here.close();
    await there.close();
  });

  test("is readable by its owner only", async () => {
    const folder = join(newFolder(), "deep", "data");
    const store = await openSqliteTenantStore(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of ["sluice.db", "sluice.db-wal"]) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
    await store.close();
  });

  test.each([
    [
      "a file that is no database",
      (file: string) => writeFileSync(file, "no database ".repeat(99)),
    ],
    [
      "a file of a newer release",
      (file: string) => {
        const database = new DatabaseSync(file);
        database.exec("PRAGMA user_version = 99");
        database.close();
      },
    ],
  ])("%s: says so, names it, and leaves it alone", async (_, make) => {
    const folder = newFolder();
    make(join(folder, "sluice.db"));
    const late = tenantsInFolder(folder);
    expect(late.exists).toBe(true);
    await expect(late.open()).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringMatching(/^server\.data_dir .*: .*(not a database|newer release)/),
    });
  });

  test("a folder that cannot be made: says so, and tries again when asked again", async () => {
    const folder = newFolder();
    const file = join(folder, "file");
    writeFileSync(file, "");
    const late = tenantsInFolder(join(file, "data"));
    await expect(late.open()).rejects.toThrow("ENOTDIR");
    expect(late.opened).toBe(null);
    rmSync(file);
    const [one, other] = await Promise.all([late.open(), late.open()]);
    expect(one).toBe(other);
    expect(late.opened).toBe(one);
    await late.close();
  });
});
