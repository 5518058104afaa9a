/** Relief over Redis: under pressure batch is held back at every gateway that shares an account, and nobody else. */
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway, until } from "../../support/gateway.ts";
import { ask, configOf, mockOf, times } from "../../support/redis/gateways.ts";
import { meter, openQueue, pathOf, request } from "../../support/redis/queues.ts";
import { RedisServer } from "../../support/redis/redis-server.ts";

let server: RedisServer;
beforeEach(async () => {
  server = await RedisServer.start();
});
afterEach(async () => {
  await server.stop();
});

const NO_GUARANTEES = { "real-time": 0, "near-real-time": 0, batch: 0 };
const PREMIUM = { "x-sluice-tenant": "premium", "x-sluice-tier": "premium" };
const BATCH = { ...PREMIUM, "x-sluice-latency": "batch", "x-sluice-max-wait-ms": "60000" };

/** One request a second, sixty saved up; one call at a time of a model that is busy for as long as the test wants. */
function configWith(redis: string, mock: string) {
  return configOf(redis, mock, {
    limits: [{ rpm: 60 }, { model: "busy", max_parallel_requests: 1 }],
    policy: { latency_guarantee: NO_GUARANTEES },
  });
}

/** What a slot that is held for the busy model is released by. */
async function occupy({ url }: TestGateway): Promise<() => Promise<unknown>> {
  const post = (path: string, body: object) =>
    fetch(`${url}/sluice/v1/slots${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...PREMIUM },
      body: JSON.stringify(body),
    });
  const demand = { requests: 1 };
  const answer = await post("", { upstream: "openai", model: "busy", demand });
  const { slot } = (await answer.json()) as { slot: string };
  return () => post(`/${slot}/release`, {});
}

async function bandOf(gateway: TestGateway, latency: string) {
  const { bands } = (await gateway.state()).queue;
  return bands.find((band) => band.tier === "premium" && band.latency === latency);
}

describe("gateways that share an account under pressure", () => {
  test("hold batch back at both while people are served, and let it go on when they are calm", async () => {
    await using mock = await mockOf();
    const config = configWith(server.url, mock.url);
    await using one = await startTestGateway(config);
    await using two = await startTestGateway(config);
    const gateways = [one, two];
    const release = await occupy(one);
    const leaving = new AbortController();
    const people = gateways.flatMap((gateway) =>
      times(6, () => waitFor(gateway, PREMIUM, leaving.signal)),
    );
    const waiting = async (latency: string, count: number) => {
      const bands = await Promise.all(gateways.map((gateway) => bandOf(gateway, latency)));
      return bands.every((band) => band?.waiting === count);
    };
    await until(() => waiting("near-real-time", 6), "twelve people wait for the busy model");
    // There are some forty requests left of the account's, and nobody waits for them.
    const batch = gateways.flatMap((gateway) => times(3, () => ask(gateway, BATCH)));
    await until(() => waiting("batch", 3), "batch waits");
    await until(async () => {
      const bands = await Promise.all(gateways.map((gateway) => bandOf(gateway, "batch")));
      return bands.every((band) => band?.blockedBy === "pressure");
    }, "both show why");
    for (let i = 0; i < 4; i++) {
      const answers = await Promise.all(gateways.map((gateway) => ask(gateway, PREMIUM)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    }
    expect(await waiting("batch", 3)).toBe(true);
    expect(mock.stats().ok).toBe(8);
    leaving.abort();
    const statuses = (await Promise.all(batch)).map(({ status }) => status);
    expect(statuses).toEqual(Array(6).fill(200));
    expect(mock.stats().ok).toBe(14);
    await Promise.all([...people, release()]);
  });

  test("know of the pressure of those whom another one has refused", async () => {
    await using mock = await mockOf();
    const config = configWith(server.url, mock.url);
    await using one = await startTestGateway(config, { initialLevel: 0 });
    await using two = await startTestGateway(config, { initialLevel: 0 });
    const hasty = { ...PREMIUM, "x-sluice-max-wait-ms": "50" };
    await ask(two, hasty);
    await sleep(1_000); // its heartbeat tells it what has come before
    const answers = await Promise.all(times(45, () => ask(one, hasty)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(40); // some of the budget has come back meanwhile
    // With its own one alone it would be a sixtieth.
    const isKnown = async () => (await two.state()).upstreams.openai.pressure > 0.6;
    await until(isKnown, "the other knows");
  });
});

test("what an instance refuses makes no step of its own", async () => {
  using queue = openQueue(server.url);
  const path = pathOf(meter("requests", 10));
  const redis = new Redis(server.url);
  const steps = async () => {
    const { groups } =
      /cmdstat_evalsha:calls=(?<calls>\d+)/.exec(await redis.info("commandstats")) ?? {};
    return Number(groups?.["calls"] ?? 0);
  };
  queue.refused(request(path));
  await until(async () => (await steps()) > 0, "it is known to the store");
  const before = await steps();
  queue.refresh();
  // While a step is under way, too.
  for (let i = 0; i < 5_000; i++) {
    queue.refused(request(path));
    await nextTurn();
  }
  expect((await steps()) - before).toBeLessThan(10);
  redis.disconnect();
});

/** Waits for the busy model until it leaves. */
function waitFor(
  { url }: TestGateway,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<unknown> {
  const body = JSON.stringify({ model: "busy", messages: [{ role: "user", content: "hello" }] });
  const request = { method: "POST", headers: { "content-type": "application/json", ...headers } };
  return fetch(`${url}/openai/chat/completions`, { ...request, body, signal }).catch(() => null);
}
