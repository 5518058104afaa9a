import { describe, expect, test } from "vitest";
import { TestClock } from "../../../test/support/gateway-clock.ts";
import { loadConfig } from "../../config/index.ts";
import { demandOf } from "../../core/demand.ts";
import { WARM_UP_MINUTES } from "../../core/quota/usual-rate.ts";
import { LateTenantStore } from "../../stores/tenants/late-tenant-store.ts";
import { MemoryTenantStore } from "../../stores/tenants/memory-tenant-store.ts";
import type { StoredUse } from "../../stores/tenants/tenant-store.ts";
import { Tenancy } from "./tenancy.ts";

/** The end of the day at which the clock of these tests stands. */
const UNTIL_MS = Date.parse("2026-01-02T00:00:00Z");
const CALL = demandOf({ requests: 1, tokens: 100 });

/** A store that can be told to fail. */
class FailingStore extends MemoryTenantStore {
  isBroken = false;

  override async addUse(uses: readonly StoredUse[]): Promise<void> {
    if (this.isBroken) throw new Error("the disk is full");
    await super.addUse(uses);
  }
}

function configOf(tenants: object) {
  const loaded = loadConfig({ object: { tenants }, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

async function start(tenants: object = { acme: { quotas: { rpd: 10 } } }) {
  const clock = new TestClock();
  const kept = new FailingStore();
  const open = async () => kept;
  const store = new LateTenantStore({ place: "here", exists: () => false, open });
  const changed: string[] = [];
  const tenancy = new Tenancy({
    config: configOf(tenants),
    clock,
    store,
    onChanged: (id) => changed.push(id),
    onFreed: () => {},
    onDrained: () => {},
    onSlotsLost: () => {},
  });
  await tenancy.start();
  return {
    clock,
    kept,
    store,
    tenancy,
    changed,
    tenant: (id: string) => tenancy.directory.named(id, null),
  };
}

describe("what tenants use", () => {
  test("is in the store a second later, once", async () => {
    const { tenancy, tenant, kept } = await start();
    for (let i = 0; i < 3; i++) tenancy.used(tenant("acme"), CALL);
    await tenancy.tick();
    await tenancy.tick();
    expect(await kept.usesOf("acme", 0)).toMatchObject([
      { span: "day", requests: 3, tokens: 300 },
      { span: "month", requests: 3 },
    ]);
    await tenancy.close();
  });

  test("is written later when it cannot be written now, and that is told once", async () => {
    const { tenancy, tenant, kept } = await start();
    kept.isBroken = true;
    tenancy.used(tenant("acme"), CALL);
    for (let i = 0; i < 3; i++) await tenancy.tick();
    expect(tenancy.isHealthy).toBe(false);
    expect(tenancy.alerts.alerts).toMatchObject([
      { kind: "store-failed", message: "the disk is full" },
    ]);
    tenancy.used(tenant("acme"), CALL);
    kept.isBroken = false;
    await tenancy.tick();
    expect(tenancy.isHealthy).toBe(true);
    expect((await kept.usesOf("acme", 0))[0]).toMatchObject({ requests: 2 });
    await tenancy.close();
  });

  test("of many tenants is written in slices, all of it", async () => {
    const names = Array.from({ length: 1_001 }, (_, i) => `t${i}`);
    const { tenancy, tenant, kept } = await start(
      Object.fromEntries(names.map((name) => [name, { quotas: { rpd: 9 } }])),
    );
    for (const name of names) tenancy.used(tenant(name), CALL);
    await tenancy.tick();
    expect((await kept.load(0)).uses).toHaveLength(2 * names.length);
    await tenancy.close();
  });

  test("by tenants that only a header names is counted, but not kept", async () => {
    const { tenancy, tenant, kept } = await start();
    tenancy.used(tenant("stranger"), CALL);
    await tenancy.tick();
    expect((await kept.load(0)).uses).toEqual([]);
    expect((await tenancy.countsOf("stranger")).use.day.requests).toBe(1);
    await tenancy.close();
  });

  test("of an erased tenant is written no more, not even what a running call reports later", async () => {
    const { tenancy, tenant, kept } = await start();
    const before = tenant("acme");
    tenancy.used(before, CALL);
    await tenancy.erased("acme");
    tenancy.used(before, CALL);
    await tenancy.tick();
    expect((await kept.load(0)).uses).toEqual([]);
    tenancy.used(tenant("acme"), CALL);
    await tenancy.tick();
    expect((await kept.usesOf("acme", 0))[0]).toMatchObject({ requests: 1 });
    await tenancy.close();
  });

  test("without quotas opens no store", async () => {
    const { tenancy, tenant, store } = await start({ acme: {} });
    tenancy.used(tenant("acme"), CALL);
    await tenancy.tick();
    expect(store.opened).toBe(null);
    tenancy.replace(configOf({ acme: { quotas: { rpd: 5 } } }));
    await tenancy.tick();
    await tenancy.tick();
    expect((await store.opened?.usesOf("acme", 0))?.[0]).toMatchObject({ requests: 1 });
    expect((await tenancy.countsOf("acme")).quotas.rpd).toMatchObject({ limit: 5, used: 1 });
    await tenancy.close();
  });
});

test("a runaway is told of in the minute in which it happens", async () => {
  const { tenancy, tenant, clock } = await start({ acme: {}, calm: {} });
  for (let minute = 0; minute <= WARM_UP_MINUTES; minute++) {
    for (let i = 0; i < 20; i++) tenancy.used(tenant("acme"), CALL);
    tenancy.used(tenant("calm"), CALL);
    await clock.advance(60_000);
  }
  for (let i = 0; i < 500; i++) tenancy.used(tenant("acme"), CALL);
  tenancy.used(tenant("calm"), demandOf({ requests: 1, tokens: 200_000 }));
  expect(tenancy.alerts.alerts.map(({ at: _, ...alert }) => alert)).toEqual([
    { kind: "runaway", tenant: "calm", counts: "tokens", perMinute: 200_000, usualPerMinute: 100 },
    { kind: "runaway", tenant: "acme", counts: "requests", perMinute: 201, usualPerMinute: 20 },
  ]);
  await tenancy.close();
});

describe("a tenant that changes", () => {
  const SETTINGS = { tier: "free", weight: 1, quotas: {}, latency_max: "real-time" };
  const entry = { at: 0, who: "cli", action: "x", tenant: "beta", before: null, after: null };

  test("is looked at again by accounts only if its weight or meters are others", async () => {
    const { tenancy, kept, changed, store } = await start();
    await store.open();
    changed.length = 0;
    const put = async (settings: object) => {
      const tenant = {
        id: "beta",
        settings: { ...SETTINGS, ...settings },
        isBlocked: false,
        createdAt: 0,
      };
      const kind = (await kept.tenant("beta")) === null ? "add-tenant" : "change-tenant";
      await kept.apply([{ kind, tenant }], entry);
      await tenancy.changed("beta");
      return changed.splice(0);
    };
    expect(await put({})).toEqual([]);
    expect(await put({ models: ["a"] })).toEqual([]);
    expect(await put({ weight: 2 })).toEqual(["beta"]);
    expect(await put({ weight: 2, quotas: { rpd: 5 } })).toEqual(["beta"]);
    expect(await put({ weight: 2, quotas: { rpd: 9 } })).toEqual([]);
    expect(await put({ weight: 2, max_parallel_requests: 3 })).toEqual(["beta"]);
    await kept.apply([{ kind: "remove-tenant", id: "beta" }], entry);
    await tenancy.changed("beta");
    expect(changed).toEqual(["beta"]);
    expect(tenancy.directory.known.has("beta")).toBe(false);
    await tenancy.close();
  });

  test("is known although the admin API has opened the store that another process had made", async () => {
    const { tenancy, kept, store } = await start({ acme: {} });
    const tenant = { id: "beta", settings: SETTINGS, isBlocked: false, createdAt: 0 };
    await kept.apply([{ kind: "add-tenant", tenant }], entry);
    await kept.addUse([
      { tenant: "beta", span: "day", endsAt: UNTIL_MS, requests: 3, tokens: 5, usdMicros: 0 },
    ]);
    await store.open();
    await tenancy.tick();
    expect(tenancy.directory.known.has("beta")).toBe(true);
    expect((await tenancy.countsOf("beta")).use.day.requests).toBe(3);
    await tenancy.close();
  });

  test("keeps its counts through reloads, and those of a quota it did not have", async () => {
    const { tenancy, tenant } = await start();
    for (let i = 0; i < 4; i++) tenancy.used(tenant("acme"), CALL);
    tenancy.replace(configOf({ acme: { quotas: { tpd: 1_000, rpd: 20 } } }));
    const { quotas } = await tenancy.countsOf("acme");
    expect(quotas.tpd).toMatchObject({ limit: 1_000, used: 400 });
    expect(tenant("acme").quotas[1].name).toBe("rpd");
    await tenancy.close();
  });
});
