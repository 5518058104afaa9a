import OpenAI from "openai";
import { describe, expect, test, vi } from "vitest";
import { INSTANT, type MockOptions, type MockServer, startMock } from "./index.ts";

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "openai", latency: INSTANT, ...options });
}

function post(
  mock: MockServer,
  path: string,
  body: unknown,
  init: RequestInit = {},
): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(mock.url + path, { method: "POST", body: text, ...init });
}

function chat(mock: MockServer, body: object = {}, init: RequestInit = {}): Promise<Response> {
  const messages = [{ role: "user", content: "12345678" }]; // 2 tokens
  return post(mock, "/v1/chat/completions", { model: "gpt-5", messages, ...body }, init);
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

test("the example of startMock works", async () => {
  await using mock = await startMock({ dialect: "openai", limits: { rpm: 60 }, latency: INSTANT });
  const openai = new OpenAI({ baseURL: `${mock.url}/v1`, apiKey: "any" });
  mock.addFault({ kind: "overload", count: 1 });
  const messages = [{ role: "user" as const, content: "Hello" }];
  await openai.chat.completions.create({ model: "gpt-5", messages });
  expect(mock.stats().charged.rpm).toBe(2);
});

describe("limits over HTTP (days, so that no refill comes in between)", () => {
  test("requests: as many as there are, then 429", async () => {
    await using mock = await start({ limits: { rpd: 3 } });
    expect(await statuses(5, () => chat(mock))).toEqual([200, 200, 200, 429, 429]);
    const stats = mock.stats();
    expect(stats).toMatchObject({ requests: 5, ok: 3, refused429: 2, refusedBy: { rpd: 2 } });
    expect(stats.byStatus).toEqual({ 200: 3, 429: 2 });
  });

  test.each([
    { body: { max_tokens: 40 }, charged: 40, why: "max_tokens, when that is more" },
    { body: { max_completion_tokens: 40 }, charged: 40, why: "max_completion_tokens, too" },
    { body: {}, charged: 2, why: "the estimate, when nothing is said" },
    { body: { max_tokens: 1 }, charged: 2, why: "the estimate, when that is more" },
  ])("OpenAI charges $why, and gives nothing back", async ({ body, charged }) => {
    await using mock = await start({ limits: { tpd: 1_000 } });
    await chat(mock, { ...body, metadata: { mock_output_tokens: 1 } });
    expect(mock.stats().charged.tpd).toBe(charged);
  });

  test("a refusal for tokens costs a request, but no tokens", async () => {
    await using mock = await start({ limits: { rpd: 10, tpd: 50 } });
    expect(await statuses(3, () => chat(mock, { max_tokens: 40 }))).toEqual([200, 429, 429]);
    expect(mock.stats().charged).toEqual({ rpd: 3, tpd: 40 });
  });

  test.each([
    ["a bad request", () => ({ messages: 5 })],
    ["an unknown model", () => ({ model: "missing" })],
    ["an overload", () => ({ metadata: { mock_fault: "overload" } })],
  ])("%s costs a request at OpenAI", async (_, body) => {
    await using mock = await start({ limits: { rpd: 10 } });
    await chat(mock, body());
    expect(mock.stats().charged.rpd).toBe(1);
  });

  test("what is larger than the limit is told so", async () => {
    await using mock = await start({ limits: { tpm: 100 } });
    const response = await chat(mock, { max_tokens: 101 });
    expect(response.status).toBe(429);
    expect(await response.text()).toContain("Request too large for gpt-5");
    expect(response.headers.has("retry-after")).toBe(false);
  });

  test("a bucket that starts empty refuses at once and says how long", async () => {
    await using mock = await start({ limits: { rpd: 100 }, startEmpty: true });
    const response = await chat(mock);
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBe(864);
    expect(mock.stats().available.rpd).toBeLessThan(1);
  });

  test("a model's limit does not slow another model", async () => {
    await using mock = await start({ models: { "gpt-5*": { rpd: 1 } } });
    expect(await statuses(2, () => chat(mock))).toEqual([200, 429]);
    expect(await statuses(2, () => chat(mock, { model: "o3" }))).toEqual([200, 200]);
    const { headers } = await chat(mock);
    expect(headers.get("x-ratelimit-limit-requests")).toBe("1");
  });

  test("slots: one at a time, free again when the answer has ended", async () => {
    await using mock = await start({ limits: { max_parallel_requests: 1 } });
    const running = chat(mock, { metadata: { mock_first_token_ms: 60_000 } }).catch(() => null);
    await vi.waitFor(() => expect(mock.levels()).toEqual({ max_parallel_requests: 0 }));
    expect((await chat(mock)).status).toBe(429);
    expect(mock.stats()).toMatchObject({
      refusedBy: { max_parallel_requests: 1 },
      inFlight: { now: 1 },
    });
    await mock.close();
    await running;
    await vi.waitFor(() => expect(mock.stats().inFlight).toEqual({ now: 0, peak: 2 }));
  });

  test("one slot serves requests one after the other without a refusal", async () => {
    await using mock = await start({ limits: { max_parallel_requests: 1 } });
    expect(new Set(await statuses(50, () => chat(mock, { stream: true })))).toEqual(new Set([200]));
  });
});

describe("a client that leaves", () => {
  test.each(["openai", "anthropic"] as const)(
    "%s: frees its slot, and what it was charged stays",
    async (dialect) => {
      const latency = { firstTokenMs: 0, firstTokenJitter: 0, tokensPerSecond: 100 };
      const daily = { tpd: 1_000_000, max_parallel_requests: 1 };
      await using mock = await start({ dialect, latency, limits: daily });
      const leaving = new AbortController();
      const path = dialect === "openai" ? "/v1/chat/completions" : "/v1/messages";
      const messages = [{ role: "user", content: "12345678" }];
      const body = {
        model: "m",
        max_tokens: 90_000,
        stream: true,
        messages,
        metadata: { mock_output_tokens: 90_000 },
      };
      const response = await post(mock, path, body, { signal: leaving.signal });
      const reader = response.body!.getReader();
      await reader.read();
      expect(mock.levels().max_parallel_requests).toBe(0);
      leaving.abort();
      await vi.waitFor(() => expect(mock.levels().max_parallel_requests).toBe(1));
      const { charged, disconnects, ok } = mock.stats();
      expect({ disconnects, ok }).toEqual({ disconnects: 1, ok: 0 });
      if (dialect === "openai") expect(charged.tpd).toBe(90_000);
      else expect(charged.tpd).toBeLessThan(90_000);
    },
  );
});
