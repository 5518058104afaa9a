/** Outages: what gateways do while their Redis is silent, or down, and how they come back. */
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
  server.resume();
  await server.stop();
});

const stateOf = async (gateway: TestGateway) => (await gateway.state()).store;
const becomes = (gateway: TestGateway, state: string) =>
  until(
    async () => ((await stateOf(gateway)) as { state?: string }).state === state,
    `the store is ${state}`,
  );
const BATCH = { "x-sluice-latency": "batch", "x-sluice-max-wait-ms": "30000" };
const PATIENT = { "x-sluice-max-wait-ms": "20000" };

describe("while Redis is down", () => {
  test("a safe share serves who may not wait, batch waits, and all is counted afterwards", async () => {
    await using mock = await mockOf({ limits: { rpm: 600 } });
    const config = configOf(server.url, mock.url, { limits: [{ rpm: 600 }] });
    await using one = await startTestGateway(config);
    await using two = await startTestGateway(config);
    await Promise.all([ask(one), ask(two)]);
    const alerts: string[] = [];
    one.runtime.tenancy.alerts.onAlert((alert) => {
      if (alert.kind === "store") alerts.push(alert.state);
    });
    await sleep(900); // both have heard that there are two
    await server.kill();
    const batch = ask(one, BATCH);
    await becomes(one, "down");
    expect(await stateOf(one)).toEqual({ kind: "redis", healthy: false, state: "down" });
    const answers = await Promise.all(times(20, (i) => ask(i % 2 === 0 ? one : two, PATIENT)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const before = mock.stats();
    expect(before.requests).toBe(22);
    await server.run();
    await becomes(one, "shared");
    expect((await batch).status).toBe(200);
    expect(alerts).toEqual(["silent", "down", "shared"]);
    const level = (await one.state()).upstreams.openai.meters[0].level;
    expect(Math.abs(level - mock.levels().rpm)).toBeLessThan(25);
    expect(mock.stats().refused429).toBe(0);
  });

  test("nobody gets more than its share of what is left", async () => {
    await using mock = await mockOf();
    const config = configOf(server.url, mock.url, { limits: [{ rpm: 60 }] });
    await using one = await startTestGateway(config);
    await using two = await startTestGateway(config);
    await Promise.all([ask(one), ask(two)]);
    await sleep(900);
    await server.kill();
    await becomes(one, "down");
    const calls = mock.stats().requests;
    const asked = times(60, () => ask(one, { "x-sluice-max-wait-ms": "8000" }));
    await Promise.all(asked);
    // 0.8 of 60 for two instances, and what flows in meanwhile.
    expect(mock.stats().requests - calls).toBeGreaterThan(15);
    expect(mock.stats().requests - calls).toBeLessThanOrEqual(29);
  });

  test("slots that calls hold are not given twice, and come back", async () => {
    await using mock = await mockOf({ latency: { ...LATENCY, firstTokenMs: 6_000 } });
    const config = configOf(server.url, mock.url, { limits: [{ max_parallel_requests: 4 }] });
    await using one = await startTestGateway(config);
    await ask(one, {}, { metadata: {} }).then((answer) => answer.text());
    const running = times(3, () => ask(one));
    await until(() => mock.stats().inFlight.now === 3, "three run");
    await server.kill();
    await sleep(2_500);
    await server.run();
    await becomes(one, "shared");
    const more = times(3, () => ask(one, PATIENT));
    const answers = await Promise.all([...running, ...more]);
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(mock.stats().inFlight.peak).toBeLessThanOrEqual(4);
    await until(async () => (await one.state()).upstreams.openai.meters[0].level === 4, "free");
  });
});

describe("while Redis is silent", () => {
  test("nothing new is sent, what runs ends before its lease, and all goes on afterwards", async () => {
    await using mock = await mockOf({ latency: { ...LATENCY, firstTokenMs: 5_000 } });
    const config = configOf(server.url, mock.url, { limits: [{ max_parallel_requests: 4 }] });
    await using one = await startTestGateway(config);
    const first = ask(one);
    await until(() => mock.stats().inFlight.now === 1, "it runs");
    server.pause();
    await until(() => mock.stats().inFlight.now === 0, "its call has ended");
    const calls = mock.stats().requests;
    const waiting = ask(one, PATIENT);
    await sleep(1_000);
    expect(mock.stats().requests).toBe(calls);
    expect(((await stateOf(one)) as { state?: string }).state).toBe("silent");
    server.resume();
    const answers = await Promise.all([first, waiting]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    await until(async () => (await one.state()).upstreams.openai.meters[0].level === 4, "free");
  });

  test("what is not to be sent twice is answered when its call is ended", async () => {
    await using mock = await mockOf({ latency: { ...LATENCY, firstTokenMs: 5_000 } });
    const config = configOf(server.url, mock.url, {
      limits: [{ max_parallel_requests: 4 }],
      retry: { attempts: 1 },
    });
    await using one = await startTestGateway(config);
    const first = ask(one);
    await until(() => mock.stats().inFlight.now === 1, "it runs");
    server.pause();
    const cut = await first;
    expect(cut.status).toBe(503);
    expect(await codeOf(cut)).toBe("store_unavailable");
  });

  test("calls go on where that is wanted", async () => {
    await using mock = await mockOf({ latency: { ...LATENCY, firstTokenMs: 3_500 } });
    const config = configOf(server.url, mock.url, {
      limits: [{ max_parallel_requests: 4 }],
      store: { on_lease_loss: "continue" },
    });
    await using one = await startTestGateway(config);
    const first = ask(one);
    await until(() => mock.stats().inFlight.now === 1, "it runs");
    server.pause();
    expect((await first).status).toBe(200);
    server.resume();
    await until(async () => (await one.state()).upstreams.openai.meters[0].level === 4, "free");
  });

  test("refusals come at once where that is wanted", async () => {
    await using mock = await mockOf();
    const config = configOf(server.url, mock.url, {
      limits: [{ rpm: 600 }],
      store: { on_failure: { default: "refuse", batch: "hold" } },
    });
    await using one = await startTestGateway(config);
    await ask(one);
    server.pause();
    const waiting = [ask(one, PATIENT), ask(one, BATCH)];
    const refused = await waiting[0];
    expect(refused.status).toBe(503);
    expect(await codeOf(refused)).toBe("store_unavailable");
    expect((await ask(one)).status).toBe(503);
    server.resume();
    expect((await waiting[1]).status).toBe(200);
  });
});
