/** Gateways: several of them before one account, by one Redis. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway, until } from "../../support/gateway.ts";
import { ask, codeOf, configOf, LATENCY, mockOf, times } from "../../support/redis/gateways.ts";
import { RedisServer } from "../../support/redis/redis-server.ts";

let server: RedisServer;
beforeEach(async () => {
  server = await RedisServer.start({ isDurable: true });
});
afterEach(async () => {
  await server.stop();
});

describe("gateways that share an account", () => {
  test("serve together what it has, and give all slots back", async () => {
    await using mock = await mockOf();
    const config = configOf(server.url, mock.url, { limits: [{ max_parallel_requests: 2 }] });
    await using one = await startTestGateway(config);
    await using two = await startTestGateway(config);
    const answers = await Promise.all(times(20, (i) => ask(i % 2 === 0 ? one : two)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(mock.stats().inFlight.peak).toBe(2);
    await until(async () => {
      const states = await Promise.all([one.state(), two.state()]);
      return states.every(({ upstreams }) => upstreams.openai.meters[0].level === 2);
    }, "all slots are free");
  });

  test("are never refused together, and leave nothing unused", async () => {
    const limits = { rpm: 1_200, tpm: 60_000 };
    await using mock = await mockOf({ limits, startEmpty: true });
    const rules = Object.entries(limits).map(([name, amount]) => ({ [name]: amount }));
    const config = configOf(server.url, mock.url, { limits: rules, policy: { margin: 0.02 } });
    await using one = await startTestGateway(config, { initialLevel: 0 });
    await using two = await startTestGateway(config, { initialLevel: 0 });
    const before = mock.stats();
    const answers = times(240, async (i) => {
      await sleep(i * 15);
      const answer = await ask(i % 2 === 0 ? one : two, { "x-sluice-max-wait-ms": "3000" });
      await answer.text();
      return answer.status;
    });
    const statuses = await Promise.all(answers);
    const after = mock.stats();
    expect(after.refused429).toBe(0);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    const used = after.charged.rpm - before.charged.rpm;
    expect(used / (after.available.rpm - before.available.rpm)).toBeGreaterThan(0.75);
  });

  test("serve the most important request next, wherever it waits", async () => {
    await using mock = await mockOf({ latency: { ...LATENCY, firstTokenMs: 100 } });
    const config = configOf(server.url, mock.url, { limits: [{ max_parallel_requests: 1 }] });
    await using one = await startTestGateway(config);
    await using two = await startTestGateway(config);
    const order: string[] = [];
    const wait = async (gateway: TestGateway, tier: string) => {
      await (await ask(gateway, { "x-sluice-tenant": tier, "x-sluice-tier": tier })).text();
      order.push(tier);
    };
    const first = wait(one, "free");
    await until(async () => (await one.state()).tenants.free?.running === 1, "the first runs");
    const waiting = [wait(one, "standard"), sleep(30).then(() => wait(two, "premium"))];
    await Promise.all([first, ...waiting, sleep(60).then(() => wait(one, "critical"))]);
    expect(order).toEqual(["free", "critical", "premium", "standard"]);
  });

  test("know of each other's queue: what is hopeless is said at once, wherever it is asked", async () => {
    await using mock = await mockOf();
    const config = configOf(server.url, mock.url, { limits: [{ rpm: 60 }] });
    await using one = await startTestGateway(config, { initialLevel: 0 });
    await using two = await startTestGateway(config, { initialLevel: 0 });
    const leaving = new AbortController();
    const waiting = times(10, () =>
      fetch(`${one.url}/openai/models/x`, { signal: leaving.signal }).catch(() => null),
    );
    await until(async () => (await one.state()).queue.waiting === 10, "ten wait");
    await sleep(1_000); // its heartbeat tells the other
    const asked = performance.now();
    const answer = await ask(two, { "x-sluice-max-wait-ms": "3000" });
    expect(answer.status).toBe(429);
    expect(await codeOf(answer)).toBe("max_wait_exceeded");
    expect(performance.now() - asked).toBeLessThan(2_000);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(6);
    leaving.abort();
    await Promise.all(waiting);
  });

  test("tell each other of limits that headers told", async () => {
    await using mock = await mockOf({ limits: { rpm: 600, tpm: 100_000 } });
    const config = configOf(server.url, mock.url, {});
    await using one = await startTestGateway(config);
    await using two = await startTestGateway(config);
    await ask(one);
    const limitsOf = async (gateway: TestGateway) =>
      (await gateway.state()).upstreams.openai.meters
        .filter(({ dimension }) => dimension !== "concurrency")
        .map(({ dimension, limit }) => `${dimension} ${limit}`);
    const known = ["requests 600", "tokens 100000"];
    await until(async () => {
      const limits = await limitsOf(two);
      return known.every((limit) => limits.includes(limit));
    }, "the other knows them too");
  });

  test("open a breaker together, and close it together", async () => {
    await using mock = await mockOf();
    const config = configOf(server.url, mock.url, { limits: [{ rpm: 6_000 }] });
    await using one = await startTestGateway(config);
    await using two = await startTestGateway(config);
    await Promise.all([ask(one), ask(two)]);
    mock.addFault({ kind: "status", status: 529 });
    const failing = times(6, () => ask(one, { "x-sluice-max-wait-ms": "9000" }));
    const stateAt = async (gateway: TestGateway) =>
      (await gateway.state()).upstreams.openai.breakers["gpt-5"];
    await until(async () => (await stateAt(one)) === "open", "it is open");
    await until(async () => (await stateAt(two)) === "open", "the other knows");
    mock.clearFaults();
    const calls = mock.stats().requests;
    const answer = await ask(two, { "x-sluice-max-wait-ms": "1000" });
    expect(answer.status).toBe(503);
    expect(mock.stats().requests).toBe(calls);
    const late = await ask(two, { "x-sluice-max-wait-ms": "20000" });
    expect(late.status).toBe(200);
    await Promise.all(failing);
    await until(async () => {
      await Promise.all([ask(one), ask(two)]);
      const states = await Promise.all([stateAt(one), stateAt(two)]);
      return states.every((state) => state === "closed" || state === undefined);
    }, "both are closed");
  });

  test("stop together for want of money", async () => {
    await using mock = await mockOf();
    const config = configOf(server.url, mock.url, { limits: [{ rpm: 6_000 }] });
    await using one = await startTestGateway(config);
    await using two = await startTestGateway(config);
    mock.addFault({
      kind: "status",
      status: 429,
      count: 1,
      body: { error: { message: "quota", type: "insufficient_quota", code: "insufficient_quota" } },
    });
    expect(await codeOf(await ask(one))).toBe("upstream_billing");
    await sleep(1_000); // its heartbeat tells the other
    const calls = mock.stats().requests;
    expect(await codeOf(await ask(two))).toBe("upstream_billing");
    expect(mock.stats().requests).toBe(calls);
  });

  test("take limits over from the one that was configured last", async () => {
    await using mock = await mockOf();
    const before = configOf(server.url, mock.url, { limits: [{ max_parallel_requests: 2 }] });
    await using one = await startTestGateway(before);
    await using two = await startTestGateway(before);
    await Promise.all([ask(one), ask(two)]);
    one.reload(configOf(server.url, mock.url, { limits: [{ max_parallel_requests: 5 }] }));
    await until(async () => {
      const states = await Promise.all([one.state(), two.state()]);
      return states.every(({ upstreams }) => upstreams.openai.meters[0].limit === 5);
    }, "both have five slots");
    await Promise.all(times(20, (i) => ask(i % 2 === 0 ? one : two)));
    expect(mock.stats().inFlight.peak).toBe(5);
  });

  test("hold a tenant to its own slots", async () => {
    await using mock = await mockOf();
    const config = configOf(server.url, mock.url, {
      limits: [{ max_parallel_requests: 10 }],
      tenants: { acme: { tier: "premium", max_parallel_requests: 2 } },
    });
    await using one = await startTestGateway(config);
    const statuses = await Promise.all(
      times(12, async () => (await ask(one, { "x-sluice-tenant": "acme" })).status),
    );
    expect(statuses).toEqual(Array(12).fill(200));
    expect(mock.stats().inFlight.peak).toBe(2);
  });
});

describe("a reload of one gateway", () => {
  const TIERS = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, {}]));

  test("changes the order for all, and nobody who waits is lost", async () => {
    await using mock = await mockOf({ latency: { ...LATENCY, firstTokenMs: 150 } });
    const of = (names: readonly string[]) => ({
      ...configOf(server.url, mock.url, { limits: [{ max_parallel_requests: 1 }] }),
      tiers: TIERS(names),
      defaults: { tier: "low" },
    });
    await using one = await startTestGateway(of(["high", "low"]));
    await using two = await startTestGateway(of(["high", "low"]));
    const order: string[] = [];
    const wait = async (gateway: TestGateway, tier: string, tenant: string) => {
      const headers = { "x-sluice-tenant": tenant, "x-sluice-tier": tier };
      const answer = await ask(gateway, headers);
      order.push(`${tenant}${answer.status}`);
    };
    const first = wait(one, "low", "first");
    await until(() => mock.stats().inFlight.now === 1, "the first runs");
    const waiting = [wait(one, "low", "a"), wait(two, "high", "b"), wait(two, "low", "c")];
    await sleep(50);
    // The other has not heard of the middle tier yet, and goes on with its own numbers of bands.
    one.reload(of(["high", "middle", "low"]));
    waiting.push(wait(one, "middle", "d"));
    await Promise.all([first, ...waiting]);
    expect(order.slice(0, 3)).toEqual(["first200", "b200", "d200"]);
    expect(order.slice(3).sort()).toEqual(["a200", "c200"]);
    two.reload(of(["high", "middle", "low"]));
    await wait(two, "middle", "e");
    expect(order.at(-1)).toBe("e200");
    await until(async () => (await two.state()).upstreams.openai.meters[0].level === 1, "free");
  });
});
