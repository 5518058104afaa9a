/** Tenants in Redis: quotas and slots of one tenant hold over all instances, exactly. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RedisServer } from "../../support/redis/redis-server.ts";
import {
  acquireAt,
  openInstance,
  type SharedTenant,
  sharedConfig,
  TenantProcess,
  type WorkerTask,
} from "../../support/redis/tenant-instances.ts";

let server: RedisServer;
beforeEach(async () => {
  server = await RedisServer.start({ isDurable: true });
});
afterEach(async () => {
  await server.stop();
});

function startProcess(acme: SharedTenant, task: Partial<WorkerTask>): Promise<TenantProcess> {
  return TenantProcess.start({
    config: sharedConfig(server.url, acme),
    ...{ lanes: 8, calls: 1_000_000, tokens: 0, holdMs: 0, maxWaitMs: 5_000 },
    ...task,
  });
}

describe("a quota that four processes share", () => {
  test.each([
    ["requests", { rpd: 2_000 }, 0, 2_000],
    ["tokens", { tpd: 100_000 }, 70, 100_000 / 70],
  ])("of %s is used to its end and never beyond", async (_, quotas, tokens, most) => {
    const processes = await Promise.all(
      [1, 2, 3, 4].map(() => startProcess({ quotas }, { tokens })),
    );
    for (const one of processes) one.begin();
    const ended = await Promise.all(processes.map((one) => one.ended()));
    const served = ended.reduce((sum, one) => sum + one.served, 0);
    expect(served).toBeLessThanOrEqual(most);
    expect(served).toBeGreaterThanOrEqual(0.95 * most);
    const codes = new Set(ended.flatMap((one) => one.codes));
    expect(codes).toEqual(new Set(["tenant_quota_exhausted"]));
    await using last = await openInstance(server.url, { quotas });
    const { use, quotas: states } = await last.runtime.tenancy.countsOf("acme");
    expect(use.day).toMatchObject({ requests: served, tokens: served * tokens });
    expect(states).toMatchObject(
      tokens === 0 ? { rpd: { used: served } } : { tpd: { used: served * tokens } },
    );
  });
});

/** The most that were held at the same time, by all of the processes. */
function mostAtOnce(processes: readonly TenantProcess[]): number {
  const changes = processes.flatMap(({ news }) =>
    news.flatMap((one) => {
      if (one.kind === "granted") return [{ at: one.at, by: 1 }];
      return one.kind === "settled" ? [{ at: one.at, by: -1 }] : [];
    }),
  );
  // Of what happened in the same millisecond the ends come first: that is what they allowed.
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  let held = 0;
  return changes.reduce((most, { by }) => {
    held += by;
    return Math.max(most, held);
  }, 0);
}

describe("slots that several instances share", () => {
  test("are never more than there are, and everybody has a turn", async () => {
    const acme = { max_parallel_requests: 3 };
    const task = { lanes: 4, calls: 30, holdMs: 20, maxWaitMs: 30_000 };
    const processes = await Promise.all([1, 2, 3, 4].map(() => startProcess(acme, task)));
    for (const one of processes) one.begin();
    const ended = await Promise.all(processes.map((one) => one.ended()));
    expect(ended.map(({ served }) => served)).toEqual([30, 30, 30, 30]);
    expect(mostAtOnce(processes)).toBeLessThanOrEqual(3);
  });

  test("of a killed process come back when its lease is over", async () => {
    const acme = { max_parallel_requests: 4 };
    const killed = await startProcess(acme, { lanes: 4, calls: 4, holdMs: 60_000 });
    killed.begin();
    // An empty Redis grants nothing for a second.
    await expect.poll(() => killed.count("granted"), { timeout: 5_000 }).toBe(4);
    await using other = await openInstance(server.url, acme);
    const early = acquireAt(other, { maxWaitMs: 500 });
    await expect(early).rejects.toMatchObject({ code: "max_wait_exceeded" });
    await killed.kill();
    const waits = [1, 2, 3, 4].map(() => acquireAt(other, { maxWaitMs: 4_000 }));
    const slots = await Promise.all(waits);
    for (const slot of slots) slot.settle();
  });
});

test("what was used outlives a restart of Redis", async () => {
  const quotas = { rpd: 20 };
  await using here = await openInstance(server.url, { quotas });
  await using there = await openInstance(server.url, { quotas });
  for (const one of [here, there, here, there, here]) (await acquireAt(one)).settle();
  await here.runtime.tenancy.countsOf("acme");
  await there.runtime.tenancy.countsOf("acme");
  await server.kill();
  await server.run();
  let served = 5;
  for (const one of [here, there]) {
    for (;;) {
      try {
        (await acquireAt(one)).settle();
        served++;
      } catch {
        break;
      }
    }
  }
  expect(served).toBe(20);
});

test("what all have used is what is told of at 80 and 90 %", async () => {
  const acme = { quotas: { rpd: 10 } };
  await using here = await openInstance(server.url, acme);
  await using there = await openInstance(server.url, acme);
  const told: string[] = [];
  there.on("quota", ({ level, used }) => told.push(`${level} ${used}`));
  for (let i = 0; i < 7; i++) (await acquireAt(here)).settle();
  await here.runtime.tenancy.countsOf("acme");
  expect((await there.runtime.tenancy.countsOf("acme")).use.day.requests).toBe(7);
  for (let i = 0; i < 2; i++) (await acquireAt(there)).settle();
  expect(told).toEqual(["warn 8", "act 9"]);
});

describe("while Redis does not answer", () => {
  test("what is lent may be used, then a tenant waits, and is told so; afterwards all is well", async () => {
    const acme = { quotas: { rpd: 1_000 } };
    await using here = await openInstance(server.url, acme);
    (await acquireAt(here)).settle();
    await server.kill();
    await sleep(2_000);
    const refused = acquireAt(here, { maxWaitMs: 300 });
    await expect(refused).rejects.toMatchObject({ code: "store_unavailable" });
    expect(here.runtime.tenancy.isHealthy).toBe(false);
    const message = expect.stringMatching(/^store\.url redis:\/\/127\.0\.0\.1:\d+: /);
    const alert = expect.objectContaining({ kind: "store-failed", message });
    expect(here.runtime.tenancy.alerts.alerts).toContainEqual(alert);
    const waiting = acquireAt(here, { maxWaitMs: 20_000 });
    await server.run();
    (await waiting).settle();
    await expect.poll(() => here.runtime.tenancy.isHealthy, { timeout: 5_000 }).toBe(true);
    const { use } = await here.runtime.tenancy.countsOf("acme");
    expect(use.day.requests).toBe(2);
  });
});
