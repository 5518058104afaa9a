/** Disconnects: two hundred clients that leave, queued or streaming, cost nothing that was not used. */
import { describe, expect, test } from "vitest";
import { type MockOptions, startMock } from "../../src/mock/index.ts";
import {
  atRest,
  chat,
  EXACT,
  levelIn,
  message,
  pause,
  startTestGateway,
  until,
} from "../support/gateway.ts";
import { expectTrue, openBooks } from "../support/gateway-books.ts";

const CLIENTS = 200;
const HEADERS = { "content-type": "application/json", "x-sluice-max-wait-ms": "600000" };
const LIMITS = { rpm: 6_000, itpm: 600_000, otpm: 600_000, tpm: 600_000 };
/** Slow enough that nothing ends by itself while the test looks on. */
const LATENCY = { firstTokenMs: 20, firstTokenJitter: 0, tokensPerSecond: 50 };

interface Case {
  readonly dialect: MockOptions["dialect"];
  readonly path: string;
  readonly body: object;
  readonly dimensions: readonly (keyof typeof LIMITS)[];
}

const CASES: readonly Case[] = [
  {
    dialect: "openai",
    path: "/v1/chat/completions",
    body: chat({ stream: true, max_tokens: 400, metadata: { mock_output_tokens: "400" } }),
    dimensions: ["rpm", "tpm"],
  },
  {
    dialect: "anthropic",
    path: "/v1/messages",
    body: message({ stream: true, max_tokens: 400, metadata: { mock_output_tokens: "400" } }),
    dimensions: ["rpm", "itpm", "otpm"],
  },
];
/** Meters that begin empty and never fill, so that gateway and provider can be compared to the token. */
async function start({ dialect, dimensions }: Case) {
  const limits = Object.fromEntries(dimensions.map((name) => [name, LIMITS[name]]));
  const mock = await startMock({ dialect, limits, startEmpty: true, latency: LATENCY });
  const base_url = dialect === "openai" ? `${mock.url}/v1` : mock.url;
  const it = { dialect, base_url, api_key: "k", limits: [{ ...limits, max_parallel_requests: 5 }] };
  const gateway = await startTestGateway({ policy: EXACT, upstreams: { it } }, { initialLevel: 0 });
  return { mock, gateway, compare: openBooks(gateway, mock, "it", limits) };
}

describe.each(CASES)("$dialect", (one) => {
  test("queued and streaming clients leave: slots and budget come back by the provider's rule", async () => {
    const { mock, gateway, compare } = await start(one);
    const aborts = Array.from({ length: CLIENTS }, () => new AbortController());
    const outcomes = aborts.map(({ signal }) =>
      fetch(gateway.url + one.path, {
        method: "POST",
        headers: HEADERS,
        body: JSON.stringify(one.body),
        signal,
      })
        .then((answer) => answer.text())
        .catch((error: Error) => error.name),
    );
    await until(
      () => mock.stats().inFlight.now === 5 && gateway.runtime.load.waiting === CLIENTS - 5,
      () => [mock.stats().inFlight, gateway.runtime.load],
    );
    const { tenants, queue } = await gateway.state();
    expect(tenants.default).toMatchObject({ running: 5, waiting: CLIENTS - 5 });
    expect(queue.bytes).toBeGreaterThanOrEqual(CLIENTS * JSON.stringify(one.body).length);
    // In the order of their arrival and not, some at once and some later.
    for (const [i, abort] of aborts.entries()) {
      abort.abort();
      if (i % 40 === 0) await pause(10);
    }
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["AbortError"]));
    await atRest(gateway);
    await until(() => mock.stats().inFlight.now === 0, "the provider has heard of it");
    const after = await gateway.state();
    expect(levelIn(after, "it", "concurrency")).toBe(5);
    expect(after.queue).toMatchObject({ waiting: 0, bytes: 0 });
    expect(after.tenants.default).toMatchObject({ running: 0, waiting: 0 });
    expect(mock.stats().requests).toBeLessThan(CLIENTS);
    // The last request may reach the provider after its client has left.
    await until(() => mock.stats().disconnects === mock.stats().requests, mock.stats);
    // What was on its way to the client when it left is counted by the provider only.
    expectTrue(compare(), 0.0005);
    await gateway.close();
    await mock.close();
  });

  test("the house is as good as new: five run, the others wait", async () => {
    const { mock, gateway } = await start(one);
    const send = (body: object, signal?: AbortSignal) =>
      fetch(gateway.url + one.path, {
        method: "POST",
        headers: HEADERS,
        body: JSON.stringify(body),
        signal,
      });
    for (let round = 0; round < 3; round++) {
      const abort = new AbortController();
      const all = Array.from({ length: 20 }, () => send(one.body, abort.signal).catch(() => {}));
      await until(() => gateway.runtime.load.waiting === 15, "they wait");
      abort.abort();
      await Promise.all(all);
      await atRest(gateway);
    }
    const short = { ...one.body, metadata: { mock_output_tokens: "2" }, max_tokens: 2 };
    const served = await Promise.all(Array.from({ length: 20 }, () => send(short)));
    for (const answer of served) {
      expect(answer.status).toBe(200);
      await answer.text();
    }
    await atRest(gateway);
    await gateway.close();
    await mock.close();
  });
});
