/** Gateways: several of them before one account, by one Redis. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startMock } from "../../../src/mock/index.ts";
import { EXACT, startTestGateway, until } from "../../support/gateway.ts";
import { RedisServer } from "../../support/redis/redis-server.ts";

let server: RedisServer;
beforeEach(async () => {
  server = await RedisServer.start();
});
afterEach(async () => {
  await server.stop();
});

const LATENCY = { firstTokenMs: 30, firstTokenJitter: 0, tokensPerSecond: 0 };

function configOf(base: string, limits: readonly object[] | undefined, more: object = {}) {
  return {
    store: { kind: "redis", url: server.url },
    policy: EXACT,
    upstreams: { openai: { dialect: "openai", base_url: `${base}/v1`, api_key: "k", limits } },
    ...more,
  };
}

function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${url}/openai/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({
      model: "gpt-5",
      max_completion_tokens: 20,
      messages: [{ role: "user", content: "hello" }],
    }),
  });
}

describe("gateways that share an account", () => {
  test("serve, and give all slots back", async () => {
    await using mock = await startMock({ dialect: "openai", latency: LATENCY });
    const config = configOf(mock.url, [{ max_parallel_requests: 2 }]);
    await using one = await startTestGateway(config);
    await using two = await startTestGateway(config);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => ask(i % 2 === 0 ? one.url : two.url)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(mock.stats().mostRunning ?? 2).toBe(2);
    await until(async () => {
      const states = await Promise.all([one.state(), two.state()]);
      return states.every(({ upstreams }) => upstreams.openai.meters[0].level === 2);
    }, "all slots are free");
  });
});
