import { expect, test } from "vitest";
import { jsonOf } from "../../../../test/support/mock-requests.ts";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../../index.ts";

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "openrouter", latency: INSTANT, ...options });
}

function ask(mock: MockServer, body: object = {}, fault?: string): Promise<Response> {
  const messages = [{ role: "user", content: "12345678" }];
  return fetch(`${mock.url}/api/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "openai/gpt-5", messages, ...body }),
    headers: { "x-mock-output-tokens": "20", ...(fault && { "x-mock-fault": fault }) },
  });
}

test("only free models are limited by default", async () => {
  await using mock = await start();
  expect(Object.keys(mock.levels())).toEqual(["rpm:*:free", "rpd:*:free"]);
  for (let i = 0; i < 30; i++) expect((await ask(mock)).status).toBe(200);
});

test("free models share their limit", async () => {
  await using mock = await start({ models: { "*:free": { rpd: 20 } } });
  const free = ["a:free", "b:free"];
  const statuses: number[] = [];
  for (let i = 0; i < 22; i++) statuses.push((await ask(mock, { model: free[i % 2] })).status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(20);
});

test("rate headers come with 429 alone, and once more in the body, the reset in epoch milliseconds", async () => {
  const models = { "*:free": { rpd: 1 } };
  await using mock = await start({ models });
  const good = await ask(mock, { model: "a:free" });
  expect([...good.headers.keys()].filter((name) => name.includes("ratelimit"))).toEqual([]);
  const refused = await ask(mock, { model: "a:free" });
  const { error } = await jsonOf(refused);
  expect(error).toMatchObject({
    code: 429,
    metadata: { limit_source: "openrouter_free_tier_daily", headers: { "X-RateLimit-Limit": "1" } },
  });
  const reset = Number(refused.headers.get("x-ratelimit-reset"));
  expect(error.metadata.headers["X-RateLimit-Reset"]).toBe(String(reset));
  expect(new Date(reset + 500).toISOString()).toContain("T00:00:0");
});

test("errors after the start come under 200, whole or as a chunk", async () => {
  await using mock = await start();
  const whole = await ask(mock, {}, "error-in-stream:2");
  expect(whole.status).toBe(200);
  expect(await jsonOf(whole)).toMatchObject({ error: { code: 502 } });
  const events = await (await ask(mock, { stream: true }, "error-in-stream:2")).text();
  expect(events).toMatch(/^: OPENROUTER PROCESSING\n\n/);
  const last = JSON.parse(events.trimEnd().split("\n\n").at(-1)!.slice(6));
  expect(last).toMatchObject({
    error: { message: "Provider disconnected unexpectedly" },
    choices: [{ finish_reason: "error" }],
  });
  expect(mock.stats().ok).toBe(0);
});

test("streams tell usage and cost without being asked", async () => {
  await using mock = await start();
  const events = (await (await ask(mock, { stream: true })).text()).trimEnd().split("\n\n");
  const last = JSON.parse(events.at(-2)!.slice(6));
  expect(last.choices).toEqual([]);
  expect(last.usage).toMatchObject({ prompt_tokens: 2, completion_tokens: 20 });
  expect(last.usage.cost).toBeCloseTo(22e-6, 9);
});

test("an overload is the limit of the provider behind it; an empty account is 402", async () => {
  await using mock = await start();
  const busy = await ask(mock, {}, "overload");
  expect(busy.status).toBe(429);
  expect((await jsonOf(busy)).error).toMatchObject({
    message: "Provider returned error",
    metadata: { provider_name: "Mock" },
  });
  expect((await ask(mock, {}, "billing")).status).toBe(402);
});

test("the key tells its state", async () => {
  await using mock = await start();
  const { data } = await jsonOf(fetch(`${mock.url}/api/v1/key`));
  expect(data.is_free_tier).toBe(true);
});
