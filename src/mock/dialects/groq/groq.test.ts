import { expect, test } from "vitest";
import { jsonOf } from "../../../../test/support/mock-requests.ts";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../../index.ts";

const MESSAGES = [{ role: "user", content: "12345678" }]; // 2 tokens

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "groq", latency: INSTANT, ...options });
}

function ask(mock: MockServer, body: object = {}): Promise<Response> {
  return fetch(`${mock.url}/openai/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "llama", messages: MESSAGES, max_tokens: 50, ...body }),
    headers: { "x-mock-output-tokens": "20" },
  });
}

test("headers: requests are the day's, tokens the minute's; retry-after comes with 429 alone", async () => {
  const limits = { rpm: 30, rpd: 1_000, tpd: 100_000, tpm: 100 };
  await using mock = await start({ limits });
  const { headers } = await ask(mock);
  expect(headers.get("x-ratelimit-limit-requests")).toBe("1000");
  expect(headers.get("x-ratelimit-limit-tokens")).toBe("100");
  expect(headers.has("retry-after")).toBe(false);
  await ask(mock);
  await ask(mock);
  const refused = await ask(mock, { max_tokens: 90 });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  const { error } = await jsonOf(refused);
  expect(error).toMatchObject({ type: "tokens", code: "rate_limit_exceeded" });
  expect(error.message).toContain("service tier `on_demand` on tokens per min (TPM): Limit 100");
});

test("input and bound are taken; in the end only what was used counts, and not what was cached", async () => {
  await using mock = await start({ limits: { tpd: 60 } });
  await (await ask(mock)).text();
  expect(mock.stats().charged.tpd).toBe(22);
  expect((await ask(mock)).status).toBe(429);
  await (await ask(mock, { max_tokens: 20, metadata: { mock_cached_tokens: 2 } })).text();
  expect(mock.stats().charged.tpd).toBe(42);
});

test("what is larger than the limit is 413, not 429", async () => {
  await using mock = await start({ limits: { tpm: 40 } });
  const refused = await ask(mock);
  expect(refused.status).toBe(413);
  const { error } = await jsonOf(refused);
  expect(error.code).toBe("rate_limit_exceeded");
  expect(error.message).toContain("Limit 40, Requested 52, please reduce your message size");
});

test.each([
  ["flex", 498],
  ["on_demand", 503],
])("without capacity the tier %s is answered with %d", async (service_tier, status) => {
  await using mock = await start({ faults: [{ kind: "overload" }] });
  expect((await ask(mock, { service_tier })).status).toBe(status);
});

test("answers and the last chunk of streams carry x_groq", async () => {
  await using mock = await start();
  const whole = await jsonOf(ask(mock));
  expect(whole.x_groq.id).toMatch(/^req_/);
  expect(whole.usage).toHaveProperty("queue_time");
  const events = (await (await ask(mock, { stream: true })).text()).split("\n\n");
  const last = JSON.parse(events.at(-3)!.slice(6));
  expect(last.x_groq.usage).toMatchObject({ prompt_tokens: 2, completion_tokens: 20 });
});

test("models are listed and found", async () => {
  await using mock = await start();
  const get = (path: string) => jsonOf(fetch(`${mock.url}/openai/v1/models${path}`));
  expect((await get("")).data[0].id).toBe("llama-3.3-70b-versatile");
  expect(await get("/openai%2Fgpt-oss-120b")).toMatchObject({ id: "openai/gpt-oss-120b" });
});
