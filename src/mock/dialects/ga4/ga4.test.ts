import { describe, expect, test } from "vitest";
import { jsonOf } from "../../../../test/support/mock-requests.ts";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../../index.ts";
import { tokensOf } from "./query-cost.ts";

const REPORT = { metrics: [{ name: "users" }], dimensions: [{ name: "city" }] }; // 3 tokens

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "ga4", latency: INSTANT, ...options });
}

function run(mock: MockServer, body: object = REPORT, action = "runReport"): Promise<Response> {
  const url = `${mock.url}/v1beta/properties/123:${action}`;
  return fetch(url, { method: "POST", body: JSON.stringify(body) });
}

describe("a query's cost in tokens", () => {
  test.each<[object, number]>([
    [REPORT, 3],
    [{ ...REPORT, dateRanges: [{ startDate: "28daysAgo", endDate: "today" }] }, 4],
    [{ ...REPORT, dateRanges: [{ startDate: "2025-01-01", endDate: "2025-12-31" }] }, 16],
    [{ ...REPORT, limit: 100_000 }, 12],
    [{ ...REPORT, dimensionFilter: {}, metricFilter: {} }, 5],
  ])("of %j is %d", (body, tokens) => {
    expect(tokensOf(body as never)).toBe(tokens);
  });
});

test("a report is taken from day, hour and project at once, and tells what is left if asked", async () => {
  await using mock = await start();
  const report = await jsonOf(run(mock, { ...REPORT, returnPropertyQuota: true }));
  expect(report.propertyQuota).toEqual({
    tokensPerDay: { consumed: 3, remaining: 199_997 },
    tokensPerHour: { consumed: 3, remaining: 39_997 },
    tokensPerProjectPerHour: { consumed: 3, remaining: 13_997 },
    concurrentRequests: { consumed: 0, remaining: 9 },
    serverErrorsPerProjectPerHour: { consumed: 0, remaining: 10 },
  });
  expect(report.rows[0]).toMatchObject({ dimensionValues: [{ value: "city-0" }] });
  expect(await jsonOf(run(mock))).not.toHaveProperty("propertyQuota");
  expect(mock.stats().charged).toMatchObject({ tpd: 6, tph: 6, project_tph: 6 });
});

test("reports in one call are added up", async () => {
  await using mock = await start();
  const requests = [REPORT, { ...REPORT, returnPropertyQuota: true }];
  const { reports } = await jsonOf(run(mock, { requests }, "batchRunReports"));
  expect(reports[1].propertyQuota.tokensPerDay.consumed).toBe(6);
});

test.each([
  ["tpd", "Exhausted property tokens per day."],
  ["tph", "Exhausted property tokens per hour."],
  ["project_tph", "Exhausted property tokens for a project per hour."],
] as const)("%s: %s", async (limit, words) => {
  await using mock = await start({ limits: { [limit]: 5 } });
  expect((await run(mock)).status).toBe(200);
  const refused = await run(mock);
  expect(refused.status).toBe(429);
  expect((await jsonOf(refused)).error).toMatchObject({ status: "RESOURCE_EXHAUSTED" });
  expect((await jsonOf(run(mock))).error.message).toContain(words);
});

test("server errors are a quota: after them everything is refused", async () => {
  await using mock = await start({ limits: { server_errors_per_hour: 2 } });
  mock.addFault({ kind: "status", status: 500, count: 2 });
  const statuses: number[] = [];
  for (let i = 0; i < 3; i++) statuses.push((await run(mock)).status);
  expect(statuses).toEqual([500, 500, 429]);
  expect(mock.stats().refusedBy).toEqual({ server_errors_per_hour: 1 });
});

describe("the Measurement Protocol", () => {
  test.each([['{"events":[]}'], ["no JSON at all"], [""]])("says 204 to %j", async (body) => {
    await using mock = await start();
    const url = `${mock.url}/mp/collect?measurement_id=G-1&api_secret=any`;
    const answer = await fetch(url, { method: "POST", body });
    expect([answer.status, answer.headers.has("content-length")]).toEqual([204, false]);
  });

  test("also when every limit is exhausted", async () => {
    await using mock = await start({ limits: { max_parallel_requests: 1 } });
    mock.addFault({ kind: "hang", model: "runReport" });
    const hanging = run(mock).catch(() => null);
    await expect.poll(() => mock.levels().max_parallel_requests).toBe(0);
    const answer = await fetch(`${mock.url}/mp/collect`, { method: "POST", body: "{}" });
    expect(answer.status).toBe(204);
    await mock.close();
    await hanging;
  });
});
