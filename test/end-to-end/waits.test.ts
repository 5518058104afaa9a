/** Waits: what is hopeless is refused at once and says when to come back; what waits never waits too long. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { INSTANT, type MockServer, startMock } from "../../src/mock/index.ts";
import {
  atRest,
  type ConfigObject,
  chat,
  EXACT,
  pause,
  post,
  startTestGateway,
  type TestGateway,
  until,
} from "../support/gateway.ts";
import { answerJson, startUpstream, type TestUpstream } from "../support/gateway-upstream.ts";

let mock: MockServer;

beforeAll(async () => {
  mock = await startMock({ dialect: "openai", latency: INSTANT });
});

afterAll(() => mock.close());

function start(limit: object, more: ConfigObject = {}, initialLevel = 1): Promise<TestGateway> {
  return startTestGateway(
    {
      policy: EXACT,
      upstreams: {
        it: { dialect: "openai", base_url: `${mock.url}/v1`, api_key: "k", limits: [limit] },
      },
      ...more,
    },
    { initialLevel },
  );
}

interface Answered {
  readonly status: number;
  readonly code: string | undefined;
  readonly tookMs: number;
  /** Null: not told. */
  readonly retryAfterMs: number | null;
  readonly shouldRetry: string | null;
  readonly waitMs: number;
}

async function send(
  { url }: { readonly url: string },
  headers: Record<string, string> = {},
  body: object = {},
): Promise<Answered> {
  const startedAt = performance.now();
  const answer = await post(`${url}/v1/chat/completions`, chat(body), { headers });
  const { error } = (await answer.json()) as { error?: { code: string } };
  const retryAfter = answer.headers.get("retry-after-ms");
  return {
    status: answer.status,
    code: error?.code,
    tookMs: performance.now() - startedAt,
    retryAfterMs: retryAfter === null ? null : Number(retryAfter),
    shouldRetry: answer.headers.get("x-should-retry"),
    waitMs: Number(answer.headers.get("x-sluice-wait-ms")),
  };
}

const maxWait = (ms: number) => ({ "x-sluice-max-wait-ms": String(ms) });

describe("refused at once", () => {
  test("what can never fit, and it is not to be tried again", async () => {
    await using gateway = await start({ rpm: 100, tpm: 1_000 });
    const refused = await send(gateway, {}, { max_tokens: 1_001 });
    expect(refused).toMatchObject({
      status: 413,
      code: "demand_exceeds_limit",
      retryAfterMs: null,
      shouldRetry: "false",
    });
    expect((await send(gateway, {}, { max_tokens: 1_000 })).status).toBe(200);
  });

  test("what cannot fit in its max wait; who comes back when told is served", async () => {
    const startedAt = performance.now();
    await using gateway = await start({ requests: { amount: 25, per: "10s" } }, {}, 0);
    const startMs = performance.now() - startedAt;
    let served = 0;
    const queue = Array.from({ length: 5 }, async () => {
      const answer = await send(gateway);
      served++;
      return answer;
    });
    await until(() => gateway.runtime.load.waiting + served === 5, "five have come");
    const refused = await send(gateway, maxWait(100));
    expect(refused).toMatchObject({ status: 429, code: "max_wait_exceeded", waitMs: 0 });
    const retryAfterMs = Number(refused.retryAfterMs);
    // Five before it and itself, one each 400 ms since the meter began to fill.
    const servedAtMs = performance.now() - startedAt + retryAfterMs;
    expect(servedAtMs).toBeGreaterThan(2_390);
    expect(servedAtMs).toBeLessThan(2_400 + startMs + refused.tookMs + 50);
    await pause(retryAfterMs);
    expect(await send(gateway, maxWait(100))).toMatchObject({ status: 200 });
    for (const { status } of await Promise.all(queue)) expect(status).toBe(200);
  });

  test("with a max wait of nothing, what does not fit now", async () => {
    await using gateway = await start({ requests: { amount: 1, per: "1h" } });
    // A machine that is busy for too long at this moment has no time for it either.
    await until(async () => (await send(gateway, maxWait(0))).status === 200, "it is served");
    expect(await send(gateway, maxWait(0))).toMatchObject({ code: "max_wait_exceeded" });
  });

  test("what finds the queue full, by number and by bytes", async () => {
    const policy = { ...EXACT, queue: { max_waiting: 2, max_bytes: "4KiB" } };
    await using gateway = await start({ requests: { amount: 1, per: "10s" } }, { policy }, 0);
    const abort = new AbortController();
    const hold = (content: string) =>
      post(`${gateway.url}/v1/chat/completions`, chat({ user: content }), {
        signal: abort.signal,
      }).catch(() => {});
    const queue = [hold("x".repeat(3_000))];
    await until(() => gateway.runtime.load.waiting === 1, "one waits");
    const tooLarge = await send(gateway, {}, { user: "x".repeat(3_000) });
    expect(tooLarge).toMatchObject({ status: 503, code: "queue_full" });
    expect(tooLarge.retryAfterMs).toBeGreaterThan(0);
    queue.push(hold("x"));
    await until(() => gateway.runtime.load.waiting === 2, "two wait");
    const tooMany = await send(gateway);
    expect(tooMany).toMatchObject({ status: 503, code: "queue_full" });
    expect(tooMany.retryAfterMs).toBeGreaterThan(0);
    abort.abort();
    await Promise.all(queue);
    await atRest(gateway);
  });
});

describe("with its only slot taken", () => {
  /** An upstream that answers when the test says, and a gateway that lets one request through. */
  async function startHeld(more: ConfigObject = {}) {
    const answers: (() => void)[] = [];
    const upstream = await startUpstream(
      (response) =>
        void answers.push(() => {
          if (!response.headersSent) answerJson(response, 200, {});
        }),
    );
    const limits = [{ max_parallel_requests: 1 }];
    const gateway = await startTestGateway({
      policy: EXACT,
      tiers: { first: {}, second: {} },
      tenants: { early: { tier: "first" }, late: { tier: "second" } },
      upstreams: { it: { dialect: "openai", base_url: upstream.url, api_key: "k", limits } },
      ...more,
    });
    const running = send(gateway);
    await until(() => answers.length === 1, "the first one runs");
    return {
      ...gateway,
      upstream,
      answers,
      running,
      async [Symbol.asyncDispose]() {
        for (const answer of answers) answer();
        await running;
        await gateway.close();
        await upstream[Symbol.asyncDispose]();
      },
    };
  }
  const received = ({ upstream }: { upstream: TestUpstream }) => upstream.received.length;

  test("nothing waits beyond its max wait, and nothing of it is sent", async () => {
    await using gateway = await startHeld();
    const waits = [1_100, 1_300, 1_500, 1_900, 2_300];
    const ended = await Promise.all(waits.map((ms) => send(gateway, maxWait(ms))));
    ended.forEach((one, i) => {
      expect(one).toMatchObject({ status: 429, code: "max_wait_exceeded" });
      expect(one.waitMs).toBeLessThanOrEqual(waits[i] + 200);
      expect(one.tookMs).toBeLessThan(waits[i] + 1_000);
    });
    // The first alone could hope for its turn; those behind it were refused by forecast or waited.
    expect(ended[0].waitMs).toBeGreaterThan(1_000);
    expect(received(gateway)).toBe(1);
    expect(gateway.runtime.load.waiting).toBe(0);
  });

  test("who expires in the queue is told an honest time, not the one foreseen at first", async () => {
    await using gateway = await startHeld();
    const expired = await send(gateway, maxWait(1_200));
    expect(expired.code).toBe("max_wait_exceeded");
    expect(expired.retryAfterMs).toBeGreaterThanOrEqual(900);
  });

  test("a deadline in the queue ends the wait; nothing is sent that cannot be in time", async () => {
    await using gateway = await startHeld();
    const hopeless = await send(gateway, { "x-sluice-deadline-ms": "200" });
    expect(hopeless).toMatchObject({ status: 429, code: "max_wait_exceeded", waitMs: 0 });
    const expired = await send(gateway, { "x-sluice-deadline-ms": "1300" });
    expect(expired).toMatchObject({ status: 429, code: "max_wait_exceeded" });
    expect(expired.tookMs).toBeLessThan(2_300);
    expect(received(gateway)).toBe(1);
  });

  test("a wait is told in the answer, and the higher tier goes first", async () => {
    await using gateway = await startHeld({ server: { trust_headers: true } });
    const late = send(gateway, { "x-sluice-tenant": "late" });
    await until(() => gateway.runtime.load.waiting === 1, "the first waits");
    const early = send(gateway, { "x-sluice-tenant": "early" });
    await until(() => gateway.runtime.load.waiting === 2, "both wait");
    const state = await gateway.state();
    expect(state.tenants).toMatchObject({
      early: { tier: "first", waiting: 1, running: 0 },
      late: { tier: "second", waiting: 1, running: 0 },
      default: { waiting: 0, running: 1 },
    });
    expect(state.queue.waiting).toBe(2);
    expect(state.queue.bytes).toBe(3 * JSON.stringify(chat()).length);
    const waiting = state.queue.bands.filter((band) => band.waiting > 0);
    expect(waiting.map(({ tier }) => tier)).toEqual(["first", "second"]);
    expect(waiting[0].blockedBy).toBe("concurrency of account");
    await pause(100);
    gateway.answers[0]();
    await until(() => received(gateway) === 2, "the second is sent");
    gateway.answers[1]();
    const served = await Promise.race([
      early.then((answer) => ({ name: "early", ...answer })),
      late.then((answer) => ({ name: "late", ...answer })),
    ]);
    expect(served).toMatchObject({ name: "early", status: 200 });
    expect(served.waitMs).toBeGreaterThan(90);
    await until(() => received(gateway) === 3, "the third is sent");
    gateway.answers[2]();
    expect((await late).status).toBe(200);
  });
});

test("a deadline ends a call in flight", async () => {
  await using gateway = await start({ rpm: 100 });
  const late = await send(
    gateway,
    { "x-sluice-deadline-ms": "200", "x-mock-first-token-ms": "20000" },
    { metadata: { mock_first_token_ms: "20000" } },
  );
  expect(late).toMatchObject({ status: 504, code: "upstream_timeout", shouldRetry: "false" });
  expect(late.tookMs).toBeLessThan(5_000);
  await atRest(gateway);
});

test("a model at its limit does not slow another", async () => {
  await using gateway = await start(
    { model: "slow-*", requests: { amount: 1, per: "30m" } },
    { tiers: { only: { max_wait: "1h" } } },
  );
  expect((await send(gateway, {}, { model: "slow-1" })).status).toBe(200);
  const abort = new AbortController();
  const stuck = post(`${gateway.url}/v1/chat/completions`, chat({ model: "slow-2" }), {
    signal: abort.signal,
  }).catch(() => {});
  await until(() => gateway.runtime.load.waiting === 1, "one waits");
  for (let i = 0; i < 20; i++) expect((await send(gateway)).status).toBe(200);
  const { upstreams } = await gateway.state();
  expect(upstreams.it.pressure).toBe(1);
  abort.abort();
  await stuck;
  await atRest(gateway);
});
