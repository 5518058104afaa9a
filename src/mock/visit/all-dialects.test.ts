/** What faults, keys and seeds do, whoever's API is spoken. */
import { describe, expect, test, vi } from "vitest";
import { askMock, MOCK_REQUESTS } from "../../../test/support/mock-requests.ts";
import {
  DIALECT_NAMES,
  type DialectName,
  type Fault,
  INSTANT,
  type MockOptions,
  type MockServer,
  startMock,
} from "../index.ts";

function start(dialect: DialectName, options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect, latency: INSTANT, ...options });
}

/** The status of each answer; 0 where the connection broke. */
async function statusesOf(mock: MockServer, dialect: DialectName, count: number) {
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) {
    const ask = async () => {
      const answer = await askMock(mock, dialect);
      await answer.arrayBuffer();
      return answer.status;
    };
    statuses.push(await ask().catch(() => 0));
  }
  return statuses;
}

describe.each(DIALECT_NAMES)("%s", (dialect) => {
  test("answers its typical request, within the limits of its default tier", async () => {
    await using mock = await start(dialect);
    const [status] = await statusesOf(mock, dialect, 1);
    expect(status).toBeGreaterThanOrEqual(200);
    expect(status).toBeLessThan(300);
    expect(mock.stats()).toMatchObject({ requests: 1, ok: 1, refused429: 0 });
  });

  test("a failure is in JSON, has the provider's id, and is no success", async () => {
    await using mock = await start(dialect);
    for (const fault of ["overload", "billing", "status:500", "status:429", "status:418"]) {
      const answer = await askMock(mock, dialect, "whole", { "x-mock-fault": fault });
      expect([fault, answer.ok]).toEqual([fault, false]);
      expect(JSON.parse(await answer.text())).toBeTypeOf("object");
    }
    expect(mock.stats()).toMatchObject({ ok: 0, refused429: 0 });
  });

  test("a reset drops the connection after the charge", async () => {
    await using mock = await start(dialect, { faults: [{ kind: "reset" }] });
    expect(await statusesOf(mock, dialect, 1)).toEqual([0]);
    expect(mock.stats()).toMatchObject({ faults: { reset: 1 }, inFlight: { now: 0 } });
  });

  test("a hang takes its slot until the client leaves", async () => {
    const limits = { max_parallel_requests: 2 };
    await using mock = await start(dialect, { limits, longRunningMs: 0 });
    const hanging = askMock(mock, dialect, "whole", { "x-mock-fault": "hang" }).catch(() => null);
    await vi.waitFor(() => expect(mock.levels().max_parallel_requests).toBe(1));
    await mock.close();
    await hanging;
    await vi.waitFor(() => expect(mock.levels().max_parallel_requests).toBe(2));
  });

  test("the same seed gives the same faults and answers", async () => {
    const faults: Fault[] = [{ kind: "overload", probability: 0.5 }];
    const run = async (seed: number) => {
      await using mock = await start(dialect, { faults, seed, limits: {}, models: {} });
      return await statusesOf(mock, dialect, 12);
    };
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect(new Set(first).size).toBe(2);
  });

  test("who is not known is refused, and costs nothing", async () => {
    await using mock = await start(dialect, { apiKeys: ["right"] });
    const wrong = await askMock(mock, dialect, "whole", { authorization: "Bearer wrong" });
    expect([400, 401, 403]).toContain(wrong.status);
    expect(Object.values(mock.stats().charged).every((amount) => amount === 0)).toBe(true);
  });

  test("a limit that it does not know is refused with those that it does", async () => {
    const limits = { nonsense: 1 } as never;
    await expect(start(dialect, { limits })).rejects.toThrow(
      /^limits: unknown limit "nonsense"; allowed are .*max_parallel_requests$/,
    );
  });
});

const STREAMING = DIALECT_NAMES.filter((name) => MOCK_REQUESTS[name].stream !== null);

describe.each(STREAMING)("%s, streaming", (dialect) => {
  test("answers in pieces", async () => {
    await using mock = await start(dialect);
    const answer = await askMock(mock, dialect, "stream");
    expect(answer.headers.get("content-type")).toMatch(/event-?stream/);
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(500);
    expect(mock.stats().ok).toBe(1);
  });

  test("breaks off, or tells an error after 200, where a fault says so", async () => {
    await using mock = await start(dialect);
    const failed = await askMock(mock, dialect, "stream", { "x-mock-fault": "error-in-stream:3" });
    expect([failed.status, (await failed.arrayBuffer()).byteLength > 0]).toEqual([200, true]);
    const cut = await askMock(mock, dialect, "stream", { "x-mock-fault": "cut-stream:3" });
    await expect(cut.arrayBuffer()).rejects.toThrow();
    expect(mock.stats()).toMatchObject({ ok: 0, inFlight: { now: 0 } });
  });
});
