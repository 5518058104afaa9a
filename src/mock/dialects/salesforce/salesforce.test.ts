import { describe, expect, test } from "vitest";
import { jsonOf } from "../../../../test/support/mock-requests.ts";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../../index.ts";

const DATA = "/services/data/v60.0";

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "salesforce", latency: INSTANT, ...options });
}

function send(mock: MockServer, method: string, path: string, body?: object): Promise<Response> {
  return fetch(mock.url + DATA + path, { method, body: body && JSON.stringify(body) });
}

describe("limits", () => {
  test("every answer tells what was used of the rolling day, refusals are free", async () => {
    await using mock = await start({ limits: { rpd: 2 } });
    const told: (string | null)[] = [];
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) {
      const answer = await send(mock, "GET", "/query?q=SELECT");
      told.push(answer.headers.get("sforce-limit-info"));
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([200, 200, 403, 403]);
    expect(told).toEqual(["api-usage=1/2", "api-usage=2/2", "api-usage=2/2", "api-usage=2/2"]);
  });

  test("are 15,000 a day by default, and can be asked for", async () => {
    await using mock = await start();
    const { DailyApiRequests } = await jsonOf(send(mock, "GET", "/limits"));
    expect(DailyApiRequests).toEqual({ Max: 15_000, Remaining: 14_999 });
  });

  test("of concurrency count only calls that take long, under the same code", async () => {
    const limits = { max_parallel_requests: 1 };
    await using mock = await start({ limits, longRunningMs: 40 });
    const hanging = fetch(`${mock.url}${DATA}/query?q=SELECT`, {
      headers: { "x-mock-fault": "hang" },
    }).catch(() => null);
    await expect.poll(() => mock.levels().max_parallel_requests).toBe(0);
    const refused = await send(mock, "GET", "/query?q=SELECT");
    expect(refused.status).toBe(403);
    expect(await jsonOf(refused)).toEqual([
      {
        message: "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        errorCode: "REQUEST_LIMIT_EXCEEDED",
      },
    ]);
    await mock.close();
    await hanging;
  });
});

describe("collections", () => {
  const records = (count: number, record: object = { attributes: { type: "Account" } }) => ({
    records: Array.from({ length: count }, () => record),
  });

  test("of 200 records are one request, and what is wrong with one fails alone", async () => {
    await using mock = await start();
    const body = records(199);
    body.records.push({});
    const results = await jsonOf(send(mock, "POST", "/composite/sobjects", body));
    expect(results).toHaveLength(200);
    expect(new Set(results.slice(0, 199).map((one: { id: string }) => one.id)).size).toBe(199);
    expect(results.at(-1)).toMatchObject({
      success: false,
      errors: [{ statusCode: "INVALID_TYPE" }],
    });
    expect(mock.stats().charged.rpd).toBe(1);
  });

  test("of more are refused", async () => {
    await using mock = await start();
    const answer = await send(mock, "PATCH", "/composite/sobjects/Account/Key__c", records(201));
    expect(answer.status).toBe(400);
    expect(await jsonOf(answer)).toMatchObject([{ errorCode: "EXCEEDED_ID_LIMIT" }]);
  });
});

test.each([
  ["POST", "/sobjects/Account", 201],
  ["GET", "/sobjects/Account/001", 200],
  ["GET", "/sobjects/Account/missing", 404],
  ["PATCH", "/sobjects/Account/001", 204],
  ["PATCH", "/sobjects/Account/Key__c/7", 200],
  ["DELETE", "/sobjects/Account/001", 204],
  ["GET", "/query", 400],
  ["PUT", "/sobjects/Account", 405],
])("%s %s is answered with %d", async (method, path, status) => {
  await using mock = await start();
  const hasBody = method === "POST" || method === "PATCH";
  expect((await send(mock, method, path, hasBody ? { Name: "mock" } : undefined)).status).toBe(
    status,
  );
});

test("a composite answers each of its requests by name", async () => {
  await using mock = await start();
  const compositeRequest = [{ referenceId: "a" }, { referenceId: "b" }];
  const { compositeResponse } = await jsonOf(
    send(mock, "POST", "/composite", { compositeRequest }),
  );
  expect(compositeResponse.map(({ referenceId }: { referenceId: string }) => referenceId)).toEqual([
    "a",
    "b",
  ]);
});

test("a session that is not known is told so in an array", async () => {
  await using mock = await start({ apiKeys: ["right"] });
  const answer = await send(mock, "GET", "/limits");
  expect(answer.status).toBe(401);
  expect(await jsonOf(answer)).toMatchObject([{ errorCode: "INVALID_SESSION_ID" }]);
  expect(mock.stats().charged.rpd).toBe(0);
});
