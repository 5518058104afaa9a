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
    expect(states).toMatchObject(tokens === 0 ? { rpd: { used: served } } : { tpd: { used: served * tokens } });
  });
});
