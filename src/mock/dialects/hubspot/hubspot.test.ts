import { describe, expect, test } from "vitest";
import { jsonOf } from "../../../../test/support/mock-requests.ts";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../../index.ts";

const CONTACTS = "/crm/v3/objects/contacts";

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "hubspot", latency: INSTANT, ...options });
}

function send(mock: MockServer, method: string, path: string, body?: object): Promise<Response> {
  return fetch(mock.url + path, { method, body: body && JSON.stringify(body) });
}

function inputs(count: number): object {
  return { inputs: Array.from({ length: count }, (_, i) => ({ id: String(i) })) };
}

describe("limits", () => {
  test("are a hundred in ten seconds by default, and headers tell both windows", async () => {
    await using mock = await start();
    const { headers } = await send(mock, "GET", CONTACTS);
    const told = [...headers].filter(([name]) => name.startsWith("x-hubspot-ratelimit"));
    expect(Object.fromEntries(told)).toEqual({
      "x-hubspot-ratelimit-daily": "250000",
      "x-hubspot-ratelimit-daily-remaining": "249999",
      "x-hubspot-ratelimit-interval-milliseconds": "10000",
      "x-hubspot-ratelimit-max": "100",
      "x-hubspot-ratelimit-remaining": "99",
    });
    const all = Array.from({ length: 104 }, async () => (await send(mock, "GET", CONTACTS)).status);
    const statuses = await Promise.all(all);
    expect(statuses.filter((status) => status === 200)).toHaveLength(99);
    expect(mock.stats()).toMatchObject({ refusedBy: { rp10s: 5 }, charged: { rp10s: 100 } });
  });

  test.each([
    [{ rp10s: 1 }, "TEN_SECONDLY_ROLLING", "You have reached your ten_secondly_rolling limit."],
    [{ rpd: 1 }, "DAILY", "You have reached your daily limit."],
  ])("%o: policy %s", async (limits, policyName, message) => {
    await using mock = await start({ limits });
    await send(mock, "GET", CONTACTS);
    const refused = await send(mock, "GET", CONTACTS);
    expect([refused.status, refused.headers.has("retry-after")]).toEqual([429, false]);
    expect(await jsonOf(refused)).toMatchObject({ errorType: "RATE_LIMIT", policyName, message });
  });

  test("count failures, but not what they refuse", async () => {
    await using mock = await start({ limits: { rp10s: 2, rpd: 10 } });
    mock.addFault({ kind: "status", status: 500, count: 1 });
    for (let i = 0; i < 5; i++) await send(mock, "GET", CONTACTS);
    expect(mock.stats()).toMatchObject({ refused429: 3, charged: { rp10s: 2, rpd: 2 } });
  });

  test("of searches are five a second, without headers", async () => {
    await using mock = await start();
    const search = () => send(mock, "POST", `${CONTACTS}/search`, { limit: 2 });
    const first = await search();
    expect([...first.headers.keys()].some((name) => name.includes("ratelimit"))).toBe(false);
    const answers = await Promise.all(Array.from({ length: 30 }, search));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(await jsonOf(refused[0])).toMatchObject({ policyName: "SECONDLY" });
  });
});

describe("batches", () => {
  test.each([
    ["read", 200],
    ["create", 201],
    ["update", 200],
    ["upsert", 200],
    ["archive", 204],
  ])("%s is answered with %d, and costs one request", async (action, status) => {
    await using mock = await start();
    const answer = await send(mock, "POST", `${CONTACTS}/batch/${action}`, inputs(100));
    expect(answer.status).toBe(status);
    if (status !== 204) expect((await jsonOf(answer)).results).toHaveLength(100);
    expect(mock.stats().charged.rp10s).toBe(1);
  });

  test("of more than a hundred are refused", async () => {
    await using mock = await start();
    const answer = await send(mock, "POST", `${CONTACTS}/batch/read`, inputs(101));
    expect([answer.status, (await jsonOf(answer)).category]).toEqual([400, "VALIDATION_ERROR"]);
  });

  test("fail in part with 207", async () => {
    await using mock = await start();
    const some = { inputs: [{ id: "1" }, { id: "missing-2" }] };
    const answer = await send(mock, "POST", `${CONTACTS}/batch/read`, some);
    expect(answer.status).toBe(207);
    expect(await jsonOf(answer)).toMatchObject({
      results: [{ id: "1" }],
      numErrors: 1,
      errors: [{ category: "OBJECT_NOT_FOUND", context: { ids: ["missing-2"] } }],
    });
  });
});

test.each([
  ["POST", CONTACTS, 201],
  ["GET", `${CONTACTS}/7`, 200],
  ["PATCH", `${CONTACTS}/7`, 200],
  ["DELETE", `${CONTACTS}/7`, 204],
  ["GET", `${CONTACTS}/missing`, 404],
  ["PUT", `${CONTACTS}/7`, 405],
  ["GET", "/crm/v3/nothing", 404],
])("%s %s is answered with %d", async (method, path, status) => {
  await using mock = await start();
  const hasBody = method === "POST" || method === "PATCH";
  const body = hasBody ? { properties: { email: "a@example.com" } } : undefined;
  expect((await send(mock, method, path, body)).status).toBe(status);
});
