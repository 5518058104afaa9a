/** Budget: after any mix of answers, errors and disconnects our levels are the provider's, never above. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { INSTANT, startMock } from "../../src/mock/index.ts";
import {
  atRest,
  chat,
  EXACT,
  levelIn,
  message,
  pause,
  post,
  startTestGateway,
  until,
} from "../support/gateway.ts";
import { expectTrue, type Limits, openBooks } from "../support/gateway-books.ts";
import { pick, seeded } from "../support/gateway-random.ts";

const SEED = Number(process.env.SEED ?? 1);

const CASES = [
  {
    dialect: "openai",
    limits: { rpm: 12_000, tpm: 2_400_000 },
    path: "/v1/chat/completions",
    bodyOf: chat,
    unknown: { messages: [] },
  },
  {
    dialect: "anthropic",
    limits: { rpm: 12_000, itpm: 600_000, otpm: 1_200_000 },
    path: "/v1/messages",
    bodyOf: message,
    unknown: { max_tokens: 0 },
  },
] as const;

/** Meters begin empty and never fill: a full one would hide what was counted too little. */
async function start(dialect: "openai" | "anthropic", limits: Limits) {
  const latency = { firstTokenMs: 5, firstTokenJitter: 0.5, tokensPerSecond: 2_000 };
  const mock = await startMock({ dialect, limits, startEmpty: true, latency, seed: SEED });
  const base_url = dialect === "openai" ? `${mock.url}/v1` : mock.url;
  const it = {
    dialect,
    base_url,
    api_key: "k",
    limits: [{ ...limits, max_parallel_requests: 40 }],
  };
  const gateway = await startTestGateway(
    { policy: EXACT, retry: { base: "5ms" }, upstreams: { it } },
    { initialLevel: 0 },
  );
  return { mock, gateway, compare: openBooks(gateway, mock, "it", limits) };
}

describe.each(CASES)("$dialect", ({ dialect, limits, path, bodyOf, unknown }) => {
  test(`a mixed load, seed ${SEED}`, async () => {
    const { mock, gateway, compare } = await start(dialect, limits);
    const random = seeded(SEED);
    mock.addFault({
      kind: "status",
      status: 429,
      probability: 0.04,
      headers: { "retry-after-ms": "20" },
    });
    mock.addFault({ kind: "status", status: 500, probability: 0.04 });
    mock.addFault({ kind: "overload", probability: 0.04 });
    mock.addFault({ kind: "reset", probability: 0.02 });
    const statuses: Record<string, number> = {};
    const one = async () => {
      const tokens = 1 + Math.floor(random() * 300);
      const body = bodyOf({
        stream: random() < 0.5,
        max_tokens: 300,
        messages: [{ role: "user", content: "word ".repeat(1 + Math.floor(random() * 200)) }],
        metadata: { mock_output_tokens: String(tokens) },
        ...pick(random, [{}, {}, {}, {}, {}, {}, {}, {}, unknown, { model: "missing" }]),
      });
      const isLeaving = body.stream === true && random() < 0.15;
      const abort = new AbortController();
      if (isLeaving) setTimeout(() => abort.abort(), random() * 60);
      const answer = await post(gateway.url + path, body, { signal: abort.signal }).catch(
        () => null,
      );
      await answer?.text().catch(() => {});
      const status = answer === null ? "left" : String(answer.status);
      statuses[status] = (statuses[status] ?? 0) + 1;
    };
    const clients = Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 18; i++) await one();
    });
    await Promise.all(clients);
    await atRest(gateway);
    await until(() => mock.stats().inFlight.now === 0, "the provider is done");
    expect(statuses["200"]).toBeGreaterThan(70);
    expect(Object.keys(statuses)).toEqual(expect.arrayContaining(["200", "400", "404"]));
    expect(statuses["429"]).toBe(undefined);
    // What was on its way to a client when it left is counted by the provider only.
    expectTrue(compare(), 0.0002);
    expect(mock.stats().refused429).toBe(0);
    await gateway.close();
    await mock.close();
  });

  test.each([
    ["whole", {}],
    ["streamed", { stream: true }],
    ["refused by the provider", { model: "missing" }],
    ["with cached input", { metadata: { mock_cached_tokens: "40", mock_output_tokens: "7" } }],
    ["longer than foreseen", { metadata: { mock_output_tokens: "900" }, max_tokens: 1_000 }],
  ])("one call %s is counted as the provider counts it", async (_, body) => {
    const { mock, gateway, compare } = await start(dialect, limits);
    const messages = [{ role: "user", content: "word ".repeat(40) }];
    const answer = await post(gateway.url + path, bodyOf({ messages, max_tokens: 50, ...body }));
    await answer.text();
    await atRest(gateway);
    for (const { name, excess } of compare()) {
      expect(excess, name).toBeGreaterThan(-0.01);
      // Our estimate is on the safe side, and a call that failed costs us what it asked for.
      expect(excess, name).toBeLessThan(answer.status === 200 ? 15 : 51);
    }
    await gateway.close();
    await mock.close();
  });
});

test("nothing is counted for what was never sent", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const limits = [{ requests: { amount: 10, per: "1h" }, tokens: { amount: 1_000, per: "1h" } }];
  await using gateway = await startTestGateway({
    policy: EXACT,
    retry: { base: "5ms" },
    upstreams: {
      it: { dialect: "openai", base_url: `http://127.0.0.1:${port}`, api_key: "k", limits },
    },
  });
  for (let i = 0; i < 5; i++) {
    const answer = await post(`${gateway.url}/v1/chat/completions`, chat({ max_tokens: 900 }));
    expect(answer.status).toBe(502);
  }
  const state = await gateway.state();
  expect(levelIn(state, "it", "requests")).toBe(10);
  expect(levelIn(state, "it", "tokens")).toBe(1_000);
});

test("nothing is counted for who leaves before it is sent, all for who leaves after", async () => {
  for (const wasSent of [false, true]) {
    let sent = 0;
    const exchange = { wasSent, abort: () => {}, pause: () => {}, resume: () => {} };
    const transport = {
      send: () => {
        sent++;
        return exchange;
      },
      close: () => Promise.resolve(),
    };
    const limits = [{ tokens: { amount: 1_000, per: "1h" } }];
    const it = { dialect: "openai", base_url: "http://127.0.0.1:1", api_key: "k", limits };
    await using gateway = await startTestGateway(
      { policy: EXACT, upstreams: { it } },
      { transport },
    );
    const abort = new AbortController();
    const { signal } = abort;
    const url = `${gateway.url}/v1/chat/completions`;
    const left = post(url, chat({ max_tokens: 400 }), { signal }).catch(() => {});
    await until(() => sent === 1, "it is sent");
    abort.abort();
    await left;
    await atRest(gateway);
    const level = levelIn(await gateway.state(), "it", "tokens");
    expect(level).toBeCloseTo(wasSent ? 600 : 1_000, -0.5);
  }
});

test("demand at three times the limit is served at the limit, without a single 429 of the provider", async () => {
  const limits = { rpm: 1_200, tpm: 60_000 };
  const startEmpty = true;
  await using mock = await startMock({ dialect: "openai", limits, startEmpty, latency: INSTANT });
  await using gateway = await startTestGateway(
    {
      policy: { margin: 0.005, holdback: 0 },
      upstreams: {
        it: { dialect: "openai", base_url: `${mock.url}/v1`, api_key: "k", limits: [limits] },
      },
    },
    { initialLevel: 0 },
  );
  const endsAt = performance.now() + 3_000;
  let served = 0;
  const clients = Array.from({ length: 30 }, async () => {
    while (performance.now() < endsAt) {
      const answer = await post(`${gateway.url}/v1/chat/completions`, chat({ max_tokens: 40 }));
      if (answer.status === 200) served++;
      else await pause(50);
    }
  });
  await Promise.all(clients);
  expect(mock.stats().refused429).toBe(0);
  // Twenty a second, and what each client still waits for at the end; less the margin, which fills first.
  expect(served).toBeGreaterThan(40);
  expect(served).toBeLessThan(100);
});
