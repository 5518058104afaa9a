import { describe, expect, test } from "vitest";
import { jsonOf } from "../../../../test/support/mock-requests.ts";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../../index.ts";
import type { Refusal } from "../../limits/account.ts";
import { azureFailure } from "./failures.ts";

const DEPLOYMENT = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
const MESSAGES = [{ role: "user", content: "12345678" }]; // 2 tokens

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "azure-openai", latency: INSTANT, ...options });
}

function ask(mock: MockServer, body: object = {}, path = DEPLOYMENT): Promise<Response> {
  const text = JSON.stringify({ messages: MESSAGES, ...body });
  return fetch(mock.url + path, { method: "POST", body: text });
}

describe("paths", () => {
  test.each([
    [DEPLOYMENT, 200],
    ["/openai/v1/chat/completions", 200],
    ["/openai/deployments/gpt-4o/chat/completions", 404],
    ["/openai/deployments/missing/chat/completions?api-version=1", 404],
    ["/v1/chat/completions", 404],
  ])("%s is answered with %d", async (path, status) => {
    await using mock = await start();
    expect((await ask(mock, { model: "gpt-4o" }, path)).status).toBe(status);
  });

  test("the deployment is the model", async () => {
    await using mock = await start();
    expect(await jsonOf(ask(mock, { model: "another" }))).toMatchObject({ model: "gpt-4o" });
    expect(mock.stats().byModel).toEqual({ "gpt-4o": 1 });
  });
});

describe("tokens are counted when a request comes", () => {
  test.each([
    { body: { max_tokens: 40 }, tpm: 42, why: "prompt and bound" },
    { body: { max_tokens: 40, best_of: 3 }, tpm: 122, why: "the bound of each choice" },
    { body: { max_tokens: 40, n: 2 }, tpm: 82, why: "also of those that are sent" },
  ])("$why, and nothing is given back", async ({ body, tpm }) => {
    await using mock = await start();
    await (await ask(mock, { ...body, metadata: { mock_output_tokens: 1 } })).text();
    expect(mock.stats().charged).toEqual({ rpm: 1, tpm });
  });

  test("a bound that is not set is reserved until the request ends", async () => {
    await using mock = await start({ limits: { tpm: 4_098 } });
    const metadata = { mock_output_tokens: 7 };
    await (await ask(mock, { metadata })).text();
    expect(mock.stats().charged).toEqual({ tpm: 9 });
    expect((await ask(mock, { metadata })).status).toBe(429);
  });
});

test("requests are limited in slices, and the headers tell the slice", async () => {
  await using mock = await start({ limits: { rpm: 6 } });
  const first = await ask(mock);
  expect(first.headers.get("x-ratelimit-limit-requests")).toBe("1");
  const second = await ask(mock);
  const statuses = [first.status, second.status];
  if (second.status === 200) statuses[1] = (await ask(mock)).status; // a slice began in between
  expect(statuses).toEqual([200, 429]);
});

test("headers tell what is left, the region, and no reset", async () => {
  await using mock = await start({ limits: { tpm: 1_000 } });
  const { headers } = await ask(mock, { max_tokens: 98 });
  const named = [...headers].filter(([name]) => /ratelimit|apim|region/.test(name));
  expect(Object.fromEntries(named)).toEqual({
    "apim-request-id": expect.stringMatching(/^[0-9a-f]{24}$/),
    "x-ms-region": "Mock Central",
    "x-ratelimit-limit-tokens": "1000",
    "x-ratelimit-remaining-tokens": "900",
  });
});

describe("the content filter", () => {
  test("tells what it found of prompt and answer", async () => {
    await using mock = await start();
    const whole = await jsonOf(ask(mock));
    const safe = { filtered: false, severity: "safe" };
    expect(whole.prompt_filter_results[0].content_filter_results.hate).toEqual(safe);
    expect(whole.choices[0].content_filter_results.violence).toEqual(safe);
    const events = (await (await ask(mock, { stream: true })).text()).split("\n\n");
    expect(JSON.parse(events[0].slice(6))).toMatchObject({
      choices: [],
      prompt_filter_results: [{ prompt_index: 0 }],
    });
    const last = JSON.parse(events.at(-3)!.slice(6));
    expect(last.choices[0]).toMatchObject({ delta: {}, content_filter_results: { hate: safe } });
  });

  test("refuses a prompt that names it", async () => {
    await using mock = await start();
    const messages = [{ role: "user", content: "Please meet the content filter" }];
    const refused = await ask(mock, { messages });
    expect(refused.status).toBe(400);
    expect((await jsonOf(refused)).error).toMatchObject({
      code: "content_filter",
      type: null,
      innererror: { code: "ResponsibleAIPolicyViolation" },
    });
  });
});

describe("refusals", () => {
  const refused = (refusal: Partial<Refusal>) =>
    azureFailure({
      kind: "rate-limited",
      model: "gpt-4o",
      refusal: {
        dimension: "tpm",
        limit: 1_000,
        used: 990,
        requested: 50,
        waitMs: 12_001,
        ...refusal,
      },
    });

  test.each<[Partial<Refusal>, string, string]>([
    [{}, "have exceeded token rate limit", "Please retry after 13 seconds."],
    [{ dimension: "rpm", waitMs: 300 }, "have exceeded call rate limit", "after 1 second."],
    [{ requested: 2_000, waitMs: null }, "token rate limit", "Please retry after 86400 seconds."],
    [{ dimension: "max_parallel_requests", waitMs: null }, "concurrent requests", "retry later."],
  ])("%o", (refusal, what, wait) => {
    const { error } = JSON.parse(refused(refusal).body);
    expect(error.code).toBe("429");
    expect(error.message).toContain(what);
    expect(error.message).toContain(wait);
  });

  test("tell the wait in seconds and milliseconds, and which policy bound", () => {
    expect(refused({}).headers).toMatchObject({
      "retry-after": "13",
      "retry-after-ms": "12001",
      "policy-id": "DeploymentRatelimit-Token",
    });
  });
});
