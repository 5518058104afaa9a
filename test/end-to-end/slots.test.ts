/** Slots over HTTP, as an agent in any language uses them: plain requests, no SDK. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keyHash } from "../../src/runtime/policy/tenant-directory.ts";
import {
  EXACT,
  levelIn,
  pause,
  post,
  startTestGateway,
  type TestGateway,
  until,
} from "../support/gateway.ts";
import { TestClock } from "../support/gateway-clock.ts";

const KEY = { "x-sluice-key": "sk-acme" };
const OTHER = { "x-sluice-key": "sk-other" };

let clock: TestClock;
let gateway: TestGateway;

beforeEach(async () => {
  clock = new TestClock();
  gateway = await startTestGateway(
    {
      policy: EXACT,
      tiers: { first: { max_wait: "60s" }, second: { max_wait: "60s", latency_max: "batch" } },
      defaults: { tier: "first" },
      tenants: {
        acme: { keys: [keyHash("sk-acme")], models: ["claude-*"] },
        other: { keys: [keyHash("sk-other")], tier: "second" },
      },
      upstreams: {
        claude: {
          dialect: "anthropic",
          base_url: "http://127.0.0.1:1",
          api_key: "k",
          limits: [{ requests: { amount: 100, per: "1h" }, max_parallel_requests: 2 }],
        },
        platform: {
          dialect: "generic",
          base_url: "http://127.0.0.1:1",
          limits: [{ units: { name: "records", amount: 100, per: "1h" } }],
        },
        tokens: {
          dialect: "anthropic",
          base_url: "http://127.0.0.1:1",
          api_key: "k",
          limits: [
            {
              input_tokens: { amount: 1_000, per: "1h" },
              output_tokens: { amount: 1_000, per: "1h" },
            },
          ],
        },
      },
    },
    { clock },
  );
});

afterEach(() => gateway.close());

interface SlotAnswer {
  readonly status: number;
  readonly slot: string;
  readonly granted_at: string;
  readonly wait_ms: number;
  readonly lease_ms: number;
  readonly state: string;
  readonly error: { readonly code: string; readonly message: string; readonly details: object };
  readonly headers: Headers;
}

async function call(path: string, body: object = {}, key: Record<string, string> = KEY) {
  const answer = await post(`${gateway.url}/sluice/v1/slots${path}`, body, { headers: key });
  expect(answer.headers.get("content-type")).toBe("application/json");
  const fields = (await answer.json()) as object;
  return { ...fields, status: answer.status, headers: answer.headers } as SlotAnswer;
}

const acquire = (body: object = {}, key?: Record<string, string>) =>
  call("", { upstream: "claude", ...body }, key);

async function level(upstream: string, dimension: string): Promise<number> {
  return levelIn(await gateway.state(), upstream, dimension);
}

describe("a slot", () => {
  test("is granted at once where there is room, with its lease", async () => {
    const granted = await acquire();
    expect(granted).toMatchObject({
      status: 200,
      slot: expect.stringMatching(/^slot_/),
      granted_at: "2026-01-01T00:00:00.000Z",
      wait_ms: 0,
      lease_ms: 30_000,
    });
    expect(await level("claude", "concurrency")).toBe(1);
    expect(await level("claude", "requests")).toBe(99);
    expect((await acquire()).slot).not.toBe(granted.slot);
  });

  test("is waited for in the queue, like a request", async () => {
    const held = [await acquire(), await acquire()];
    const waiting = acquire();
    await until(() => gateway.runtime.load.waiting === 1, "it waits");
    await clock.advance(1_500);
    expect((await call(`/${held[0].slot}/release`)).status).toBe(200);
    expect(await waiting).toMatchObject({ status: 200, wait_ms: 1_500 });
  });

  test("settles with what was used; the rest is given back", async () => {
    const demand = { input_tokens: 600, output_tokens: 500 };
    const { slot } = await acquire({ upstream: "tokens", demand });
    expect(await level("tokens", "input_tokens")).toBe(400);
    expect(await level("tokens", "output_tokens")).toBe(500);
    const settled = await call(`/${slot}/settle`, {
      status: 200,
      headers: { "x-any": "1" },
      usage: { input_tokens: 700, output_tokens: 20, cached_input_tokens: 100 },
    });
    expect(settled).toMatchObject({ status: 200, slot, state: "settled" });
    expect(await level("tokens", "input_tokens")).toBe(400);
    expect(await level("tokens", "output_tokens")).toBe(980);
  });

  test("settles without usage as it was asked for, and after a refusal as the provider counts", async () => {
    const demand = { input_tokens: 100, output_tokens: 100 };
    const first = await acquire({ upstream: "tokens", demand });
    await call(`/${first.slot}/settle`);
    expect(await level("tokens", "input_tokens")).toBe(900);
    const second = await acquire({ upstream: "tokens", demand });
    await call(`/${second.slot}/settle`, { status: 429, headers: { "retry-after": "1" } });
    expect(await level("tokens", "input_tokens")).toBe(900);
  });

  test("counts what a platform counts by itself", async () => {
    const demand = { units: { records: 60 } };
    const { slot } = await acquire({ upstream: "platform", demand });
    expect(await level("platform", "units:records")).toBe(40);
    const body = { upstream: "platform", demand, max_wait_ms: 0 };
    expect(await acquire(body)).toMatchObject({ error: { code: "max_wait_exceeded" } });
    await call(`/${slot}/release`);
    expect(await level("platform", "units:records")).toBe(100);
    expect((await acquire(body)).status).toBe(200);
  });

  test("released gives everything back", async () => {
    const { slot } = await acquire();
    expect(await call(`/${slot}/release`)).toMatchObject({ status: 200, state: "released" });
    expect(await level("claude", "concurrency")).toBe(2);
    expect(await level("claude", "requests")).toBe(100);
  });

  test("ends once: what is repeated changes nothing and answers as before", async () => {
    const { slot } = await acquire();
    for (const [action, state] of [
      ["settle", "settled"],
      ["settle", "settled"],
      ["release", "settled"],
      ["settle", "settled"],
    ]) {
      expect(await call(`/${slot}/${action}`)).toMatchObject({ status: 200, slot, state });
    }
    expect(await level("claude", "concurrency")).toBe(2);
    expect(await level("claude", "requests")).toBe(99);
    expect((await call(`/${slot}/renew`)).status).toBe(404);
  });
});

describe("a lease", () => {
  test("that is not renewed ends: the slot comes back, what was asked for counts", async () => {
    const { slot } = await acquire();
    await clock.advance(29_999);
    expect(await level("claude", "concurrency")).toBe(1);
    await clock.advance(1);
    expect(await level("claude", "concurrency")).toBe(2);
    expect(await level("claude", "requests")).toBeCloseTo(99.8, 1);
    expect((await call(`/${slot}/renew`)).status).toBe(404);
    expect(await call(`/${slot}/settle`)).toMatchObject({ status: 200, state: "expired" });
    expect(await level("claude", "concurrency")).toBe(2);
  });

  test("that is renewed lives on, as often as it is renewed", async () => {
    const { slot } = await acquire();
    for (let i = 0; i < 5; i++) {
      await clock.advance(25_000);
      expect(await call(`/${slot}/renew`)).toMatchObject({ status: 200, slot, lease_ms: 30_000 });
    }
    expect(await level("claude", "concurrency")).toBe(1);
    await clock.advance(30_000);
    expect(await level("claude", "concurrency")).toBe(2);
  });

  test("that ends lets in who waits", async () => {
    await acquire();
    await acquire();
    const waiting = acquire();
    await until(() => gateway.runtime.load.waiting === 1, "it waits");
    await clock.advance(30_000);
    expect(await waiting).toMatchObject({ status: 200, wait_ms: 30_000 });
  });
});

describe("refused in JSON", () => {
  test("what can never fit: 413", async () => {
    const refused = await acquire({ demand: { requests: 101 } });
    expect(refused).toMatchObject({
      status: 413,
      error: {
        code: "demand_exceeds_limit",
        details: { meter: "requests of account", limit: 100, retry_after_ms: null },
      },
    });
    expect(refused.headers.get("x-should-retry")).toBe("false");
  });

  test("what cannot be in time: 429 at once, with the time to come back", async () => {
    const demand = { input_tokens: 1_000 };
    expect((await acquire({ upstream: "tokens", demand })).status).toBe(200);
    const refused = await acquire({ upstream: "tokens", demand, max_wait_ms: 5_000 });
    expect(refused).toMatchObject({ status: 429, error: { code: "max_wait_exceeded" } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3_500);
  });

  test("who has waited for its max wait: 429", async () => {
    await acquire();
    await acquire();
    const waiting = acquire({ max_wait_ms: 10_000 });
    await until(() => gateway.runtime.load.waiting === 1, "it waits");
    await clock.advance(10_100);
    expect(await waiting).toMatchObject({ status: 429, error: { code: "max_wait_exceeded" } });
    expect(gateway.runtime.load.waiting).toBe(0);
  });

  test.each([
    [{ upstream: "nobody" }, 400, "invalid_request"],
    [{ upstream: undefined }, 400, "invalid_request"],
    [{ demand: { requests: -1 } }, 400, "invalid_request"],
    [{ demand: { requests: "1" } }, 400, "invalid_request"],
    [{ demand: { input_tokens: 1e12 } }, 400, "invalid_request"],
    [{ demand: [1] }, 400, "invalid_request"],
    [{ max_wait_ms: -5 }, 400, "invalid_request"],
    [{ task: { latency: "soon" } }, 400, "invalid_request"],
    [{ model: "gpt-5" }, 403, "forbidden"],
    [{ model: "claude-".padEnd(300, "x") }, 400, "invalid_request"],
  ])("%o: %i %s", async (body, status, code) => {
    expect(await acquire(body)).toMatchObject({ status, error: { code } });
    expect(await level("claude", "concurrency")).toBe(2);
  });

  test("a body that is no object: 400; no key: 401; no such path: 404", async () => {
    const url = `${gateway.url}/sluice/v1/slots`;
    for (const body of ["[]", "{", "1"]) {
      const answer = await fetch(url, { method: "POST", body, headers: KEY });
      expect(answer.status).toBe(400);
    }
    expect((await acquire({}, { "x-sluice-key": "sk-wrong" })).status).toBe(401);
    for (const path of ["/slot_x", "/slot_x/", "x", "/slot_x/renew", "/a/b/c", "/slot_x/steal"]) {
      const answer = await call(path, { upstream: "claude" });
      expect(answer).toMatchObject({ status: 404, error: { code: "not_found" } });
    }
    expect(await level("claude", "concurrency")).toBe(2);
  });

  test("another tenant's slot is nobody's", async () => {
    const { slot } = await acquire();
    for (const action of ["renew", "settle", "release"]) {
      const answer = await call(`/${slot}/${action}`, {}, OTHER);
      expect(answer).toMatchObject({ status: 404, error: { code: "not_found" } });
    }
    expect(await level("claude", "concurrency")).toBe(1);
    expect((await call(`/${slot}/steal`)).status).toBe(404);
    expect(await level("claude", "concurrency")).toBe(1);
    await call(`/${slot}/release`);
    expect((await call(`/${slot}/release`, {}, OTHER)).status).toBe(404);
  });
});

describe("a task", () => {
  test("has its class from the body, from headers, and is lowered like any other", async () => {
    await acquire();
    await acquire();
    const all = [
      acquire({ task: { latency: "batch" } }),
      acquire({ task: "default" }, { ...KEY, "x-sluice-latency": "real-time" }),
      acquire({ task: { latency: "real-time" } }, OTHER),
    ];
    await until(() => gateway.runtime.load.waiting === 3, "they wait");
    const { queue } = await gateway.state();
    const waiting = queue.bands.filter((band) => band.waiting > 0);
    expect(waiting.map(({ tier, latency }) => `${tier} ${latency}`)).toEqual([
      "first real-time",
      "first batch",
      "second batch",
    ]);
    await clock.advance(61_000);
    await Promise.all(all);
  });
});

test("an agent that leaves while it waits leaves the queue", async () => {
  await acquire();
  await acquire();
  const abort = new AbortController();
  const waiting = fetch(`${gateway.url}/sluice/v1/slots`, {
    method: "POST",
    headers: KEY,
    body: JSON.stringify({ upstream: "claude" }),
    signal: abort.signal,
  }).catch((error: Error) => error.name);
  await until(() => gateway.runtime.load.waiting === 1, "it waits");
  abort.abort();
  expect(await waiting).toBe("AbortError");
  await until(() => gateway.runtime.load.waiting === 0, "it has left");
  expect(await level("claude", "concurrency")).toBe(0);
  await pause(5);
});
