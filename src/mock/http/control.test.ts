import { describe, expect, test } from "vitest";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../index.ts";

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "openai", latency: INSTANT, ...options });
}

function chat(mock: MockServer, body: object = {}, init: RequestInit = {}): Promise<Response> {
  const messages = [{ role: "user", content: "12345678" }]; // 2 tokens
  const text = JSON.stringify({ model: "gpt-5", messages, ...body });
  return fetch(`${mock.url}/v1/chat/completions`, { method: "POST", body: text, ...init });
}

async function statuses(count: number, ask: () => Promise<Response>): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < count; i++) {
    const response = await ask();
    await response.text();
    all.push(response.status);
  }
  return all;
}

describe("control API", () => {
  const order = (mock: MockServer, method: string, path: string, body?: unknown) =>
    fetch(mock.controlUrl + path, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
    });

  test("stats, levels and the requests as they arrived", async () => {
    await using mock = await start({ limits: { rpd: 10 } });
    await chat(mock, { user: "u1" }, { headers: { "x-trace": "t1" } });
    expect(await (await order(mock, "GET", "/stats")).json()).toMatchObject({
      requests: 1,
      byPath: { "/v1/chat/completions": 1 },
      byModel: { "gpt-5": 1 },
      charged: { rpd: 1 },
      available: { rpd: expect.any(Number) },
    });
    expect(await (await order(mock, "GET", "/levels")).json()).toEqual({
      rpd: expect.closeTo(9, 1),
    });
    expect(await (await order(mock, "GET", "/requests")).json()).toMatchObject([
      {
        method: "POST",
        path: "/v1/chat/completions",
        status: 200,
        headers: { "x-trace": "t1" },
        body: { user: "u1" },
      },
    ]);
  });

  test("limits are lowered, raised and lifted in mid-run", async () => {
    await using mock = await start({ limits: { rpd: 1 } });
    expect(await statuses(2, () => chat(mock))).toEqual([200, 429]);
    await order(mock, "POST", "/limits", { rpd: null, models: { "gpt-5": { tpd: 2 } } });
    expect(await statuses(2, () => chat(mock))).toEqual([200, 429]);
    const refused = await order(mock, "POST", "/limits", { itpm: 5 });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toEqual({
      error: 'limits: unknown limit "itpm"; allowed are rpm, rpd, tpm, tpd, max_parallel_requests',
    });
  });

  test("faults are armed, listed and disarmed", async () => {
    await using mock = await start();
    const armed = await order(mock, "POST", "/faults", [
      { kind: "overload" },
      { kind: "slow", firstTokenMs: 0 },
    ]);
    expect(await armed.json()).toHaveLength(2);
    expect((await chat(mock)).status).toBe(503);
    await order(mock, "DELETE", "/faults");
    expect((await chat(mock)).status).toBe(200);
    expect((await order(mock, "POST", "/faults", { kind: "explode" })).status).toBe(400);
  });

  test("a reset brings back the start", async () => {
    await using mock = await start({
      limits: { rpd: 5 },
      faults: [{ kind: "overload", count: 1 }],
    });
    await statuses(3, () => chat(mock));
    await order(mock, "POST", "/limits", { rpd: 2 });
    await order(mock, "POST", "/reset");
    expect(mock.levels()).toEqual({ rpd: 5 });
    expect(mock.stats()).toMatchObject({ requests: 0, ok: 0, charged: { rpd: 0 }, byStatus: {} });
    expect(mock.listFaults()).toEqual([{ kind: "overload", count: 1 }]);
  });

  test("an unknown order is answered with what there is", async () => {
    await using mock = await start();
    const response = await order(mock, "GET", "/nope");
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("POST /limits");
  });

  test("use over an interval is the growth of charged over the growth of available", async () => {
    await using mock = await start({ limits: { rpd: 100 } });
    const before = mock.stats();
    await statuses(4, () => chat(mock));
    const after = mock.stats();
    expect(after.charged.rpd - before.charged.rpd).toBe(4);
    expect(after.available.rpd - before.available.rpd).toBeCloseTo(
      ((after.elapsedMs - before.elapsedMs) * 100) / 86_400_000,
      6,
    );
    expect(after.overrun.rpd).toBe(0);
  });

  test("names and histories that clients choose are bounded", async () => {
    await using mock = await start();
    for (let i = 0; i < 450; i++) await (await chat(mock, { model: `m${i}` })).text();
    expect(Object.keys(mock.stats().byModel)).toHaveLength(201);
    expect(mock.stats().byModel["(other)"]).toBe(250);
    expect(mock.requests()).toHaveLength(200);
    expect(mock.requests().at(-1)).toMatchObject({ body: { model: "m449" } });
  });
});
