/** Retries: what fails before the client has seen anything is tried again where that is safe, and only there. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { type Fault, INSTANT, type MockServer, startMock } from "../../src/mock/index.ts";
import {
  atRest,
  type ConfigObject,
  chat,
  EXACT,
  message,
  pause,
  post,
  startTestGateway,
  until,
} from "../support/gateway.ts";
import {
  answerJson,
  answerStream,
  chatEvent,
  type Handler,
  startUpstream,
} from "../support/gateway-upstream.ts";

type DialectName = "openai" | "anthropic";
const PATHS = { openai: "/v1/chat/completions", anthropic: "/v1/messages" };
const BODIES = { openai: chat, anthropic: message };

/** A provider with its faults, a gateway before it that tries again quickly. */
async function start(
  dialect: DialectName,
  faults: readonly Fault[] = [],
  limits: readonly object[] = [{ rpm: 6_000 }],
  more: ConfigObject = {},
) {
  const mock = await startMock({ dialect, faults, latency: INSTANT });
  const base_url = dialect === "openai" ? `${mock.url}/v1` : mock.url;
  const gateway = await startTestGateway({
    policy: EXACT,
    retry: { base: "5ms" },
    upstreams: { it: { dialect, base_url, api_key: "k", limits } },
    ...more,
  });
  return {
    ...gateway,
    mock,
    send: (body: object = {}, headers: Record<string, string> = {}) =>
      post(gateway.url + PATHS[dialect], BODIES[dialect](body), { headers }),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await mock.close();
    },
  };
}

/** A gateway before one generic upstream. */
async function startPlain(handler: Handler, upstreamConfig: object = {}) {
  const upstream = await startUpstream(handler);
  const plain = { dialect: "generic", base_url: upstream.url, ...upstreamConfig };
  const gateway = await startTestGateway({ retry: { base: "5ms" }, upstreams: { plain } });
  return {
    ...gateway,
    received: upstream.received,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

const attemptsOf = (answer: Response) => Number(answer.headers.get("x-sluice-attempts"));
const callsOf = ({ mock }: { readonly mock: MockServer }) => mock.stats().requests;

async function codeOf(answer: Response): Promise<string | undefined> {
  const { error } = (await answer.json()) as { error?: { code: string } };
  return error?.code;
}

describe("the provider says 429 although we saw room", () => {
  test.each<DialectName>(["openai", "anthropic"])(
    "%s: the client never sees it",
    async (dialect) => {
      const headers = { "retry-after-ms": "300", "retry-after": "1" };
      await using gateway = await start(dialect, [
        { kind: "status", status: 429, headers, count: 2 },
      ]);
      const startedAt = performance.now();
      const answer = await gateway.send();
      expect(answer.status).toBe(200);
      expect(attemptsOf(answer)).toBe(3);
      expect(performance.now() - startedAt).toBeGreaterThan(590);
      expect(Number(answer.headers.get("x-sluice-wait-ms"))).toBeGreaterThan(590);
      expect(callsOf(gateway)).toBe(3);
      await atRest(gateway);
    },
  );

  test("others wait with it, and it keeps its place before them", async () => {
    const order: string[] = [];
    await using upstream = await startUpstream((response, { body }) => {
      const { user } = JSON.parse(String(body)) as { user: string };
      order.push(user);
      if (order.length > 1) return answerJson(response, 200, {});
      const error = { message: "Slow down.", type: "requests", code: "rate_limit_exceeded" };
      return answerJson(response, 429, { error }, { "retry-after-ms": "400" });
    });
    const limits = [{ rpm: 60_000, max_parallel_requests: 1 }];
    await using gateway = await startTestGateway({
      policy: EXACT,
      upstreams: { it: { dialect: "openai", base_url: upstream.url, api_key: "k", limits } },
    });
    const send = (user: string) => post(`${gateway.url}/v1/chat/completions`, chat({ user }));
    const first = send("first");
    await until(() => order.length === 1 && gateway.runtime.load.waiting === 1, "it waits again");
    const others = [send("second"), send("third")];
    await until(() => gateway.runtime.load.waiting === 3, "all wait");
    await pause(100);
    expect(order).toEqual(["first"]);
    for (const answer of await Promise.all([first, ...others])) expect(answer.status).toBe(200);
    expect(order).toEqual(["first", "first", "second", "third"]);
  });

  test.each([
    ["with slots as its only limit", [{ max_parallel_requests: 5 }]],
    ["without any limit", []],
  ])("%s it is not asked again before its time", async (_, limits) => {
    const headers = { "retry-after-ms": "300" };
    const faults: Fault[] = [{ kind: "status", status: 429, headers, count: 1 }];
    await using gateway = await start("openai", faults, limits);
    const startedAt = performance.now();
    const answer = await gateway.send();
    expect(answer.status).toBe(200);
    expect(attemptsOf(answer)).toBe(2);
    expect(performance.now() - startedAt).toBeGreaterThan(290);
  });

  test("for hours: refused at once with the time it says, and nobody hangs in the queue", async () => {
    const headers = { "retry-after": "7200" };
    const faults: Fault[] = [{ kind: "status", status: 429, headers, count: 1 }];
    await using gateway = await start("anthropic", faults);
    for (const calls of [1, 1]) {
      const answer = await gateway.send();
      expect(answer.status).toBe(429);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(7_190);
      expect(answer.headers.get("x-should-retry")).toBe("false");
      expect(await codeOf(answer)).toBe("max_wait_exceeded");
      expect(callsOf(gateway)).toBe(calls);
    }
    expect(gateway.runtime.load.waiting).toBe(0);
  });
});

describe("the provider fails before the first byte", () => {
  test.each<[DialectName, Fault]>([
    ["openai", { kind: "status", status: 500, count: 2 }],
    ["openai", { kind: "overload", count: 2 }],
    ["openai", { kind: "reset", count: 2 }],
    ["openai", { kind: "error-in-stream", afterTokens: 0, count: 2 }],
    ["openai", { kind: "cut-stream", afterTokens: 0, count: 2 }],
    ["anthropic", { kind: "status", status: 502, count: 2 }],
    ["anthropic", { kind: "overload", count: 2 }],
    ["anthropic", { kind: "reset", count: 2 }],
    ["anthropic", { kind: "error-in-stream", afterTokens: 0, count: 2 }],
    ["anthropic", { kind: "cut-stream", afterTokens: 0, count: 2 }],
  ])("%s, %o: tried again, whole or streamed", async (dialect, fault) => {
    for (const stream of [true, false]) {
      await using gateway = await start(dialect, [fault]);
      const answer = await gateway.send({ stream });
      expect(answer.status).toBe(200);
      expect(attemptsOf(answer)).toBe(3);
      const text = await answer.text();
      expect(text).not.toContain("error");
      if (stream) expect(text).toMatch(/\[DONE\]|message_stop/);
      expect(callsOf(gateway)).toBe(3);
      await atRest(gateway);
    }
  });

  test.each<[DialectName, number]>([
    ["openai", 503],
    ["anthropic", 529],
  ])("%s for good: its own answer after the last attempt", async (dialect, status) => {
    await using gateway = await start(dialect, [{ kind: "overload" }]);
    const answer = await gateway.send();
    expect(answer.status).toBe(status);
    expect(attemptsOf(answer)).toBe(3);
    expect(await answer.text()).toContain("verloaded");
    expect(callsOf(gateway)).toBe(3);
    await atRest(gateway);
  });

  test("the SDKs need no retries of their own", async () => {
    await using one = await start("openai", [{ kind: "overload", count: 2 }]);
    const openai = new OpenAI({ baseURL: `${one.url}/v1`, apiKey: "k", maxRetries: 0 });
    const messages = [{ role: "user" as const, content: "Hello" }];
    const stream = openai.chat.completions.stream({ model: "gpt-5", messages });
    expect((await stream.finalChatCompletion()).choices).toHaveLength(1);
    await using two = await start("anthropic", [
      { kind: "error-in-stream", afterTokens: 0, count: 2 },
    ]);
    const anthropic = new Anthropic({ baseURL: two.url, apiKey: "k", maxRetries: 0 });
    const request = { model: "claude-sonnet-5", max_tokens: 9, messages };
    expect((await anthropic.messages.stream(request).finalMessage()).content).toHaveLength(1);
  });

  test("a retry that would come after the max wait is not waited for", async () => {
    await using gateway = await start("openai", [{ kind: "status", status: 500 }], undefined, {
      retry: { base: "10s" },
    });
    const startedAt = performance.now();
    const answer = await gateway.send({}, { "x-sluice-max-wait-ms": "500" });
    expect(answer.status).toBe(500);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(callsOf(gateway)).toBe(1);
  });

  test("the provider's time does not count as waiting", async () => {
    let calls = 0;
    await using gateway = await startPlain((response) => {
      calls++;
      setTimeout(() => answerJson(response, calls < 3 ? 500 : 200, {}), 400);
    });
    const headers = { "x-sluice-max-wait-ms": "300" };
    const answer = await fetch(`${gateway.url}/plain/x`, { headers });
    expect(answer.status).toBe(200);
    expect(attemptsOf(answer)).toBe(3);
  });
});

describe("after the first content nothing is repeated", () => {
  test.each<DialectName>(["openai", "anthropic"])(
    "%s: an error event passes on",
    async (dialect) => {
      await using gateway = await start(dialect, [{ kind: "error-in-stream", afterTokens: 3 }]);
      const answer = await gateway.send({ stream: true });
      expect(answer.status).toBe(200);
      const text = await answer.text();
      expect(text).toContain("delta");
      expect(text).toContain('"error"');
      expect(callsOf(gateway)).toBe(1);
      await atRest(gateway);
    },
  );

  test.each<DialectName>(["openai", "anthropic"])(
    "%s: a connection that breaks is broken for the client too",
    async (dialect) => {
      await using gateway = await start(dialect, [{ kind: "cut-stream", afterTokens: 3 }]);
      const answer = await gateway.send({ stream: true });
      expect(answer.status).toBe(200);
      await expect(answer.text()).rejects.toThrow();
      expect(callsOf(gateway)).toBe(1);
      await atRest(gateway);
    },
  );

  test("half an answer in one piece is broken for the client too", async () => {
    await using gateway = await startPlain((response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("half");
      setTimeout(() => response.destroy(), 20);
    });
    const answer = await fetch(`${gateway.url}/plain/x`);
    await expect(answer.text()).rejects.toThrow();
    expect(gateway.received).toHaveLength(1);
  });
});

describe("what the provider may have done is repeated only if that is safe", () => {
  const failures: readonly [string, Handler][] = [
    ["a reset", (response) => void response.socket?.resetAndDestroy()],
    ["a failure", (response) => answerJson(response, 500, { error: "oops" })],
  ];

  describe.each(failures)("after %s", (_, fail) => {
    test.each<[string, string, Record<string, string>, object, number]>([
      ["POST", "/things", {}, {}, 1],
      ["PATCH", "/things", {}, {}, 1],
      ["GET", "/things", {}, {}, 2],
      ["HEAD", "/things", {}, {}, 2],
      ["PUT", "/things", {}, {}, 2],
      ["DELETE", "/things", {}, {}, 2],
      ["POST", "/things", { "idempotency-key": "once" }, {}, 2],
      ["POST", "/things", {}, { retry_unsafe: true }, 2],
    ])("%s %s with %o and %o is sent %5$i times", async (method, path, headers, config, times) => {
      let calls = 0;
      await using gateway = await startPlain((response, received, incoming) => {
        calls++;
        if (calls === 1) return fail(response, received, incoming);
        return answerJson(response, 200, {});
      }, config);
      const body = ["GET", "HEAD"].includes(method) ? undefined : "{}";
      const all = { "content-type": "application/json", ...headers };
      const answer = await fetch(`${gateway.url}/plain${path}`, { method, headers: all, body });
      expect(gateway.received).toHaveLength(times);
      if (times === 2) expect(answer.status).toBe(200);
      else expect(answer.status).toBeGreaterThanOrEqual(500);
      await atRest(gateway);
    });
  });

  test("a POST that was cut off: 502, not to be repeated by the SDK either", async () => {
    await using gateway = await startPlain((response) => void response.destroy());
    const answer = await post(`${gateway.url}/plain/things`, {});
    expect(answer.status).toBe(502);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(await codeOf(answer)).toBe("upstream_error");
  });

  test("a body that streams cannot be sent twice, even by PUT", async () => {
    await using gateway = await startPlain((response) => answerJson(response, 503, {}));
    const headers = { "content-type": "application/octet-stream" };
    const put = { method: "PUT", body: Buffer.alloc(1_000), headers };
    const answer = await fetch(`${gateway.url}/plain/x`, put);
    expect(answer.status).toBe(503);
    expect(gateway.received).toHaveLength(1);
    await atRest(gateway);
  });

  test("what was never sent is sent again, whatever it is", async () => {
    const port = await freePort();
    await using gateway = await startTestGateway({
      retry: { base: "200ms" },
      upstreams: { plain: { dialect: "generic", base_url: `http://127.0.0.1:${port}` } },
    });
    const answered = post(`${gateway.url}/plain/things`, { a: 1 });
    await pause(100);
    let calls = 0;
    const late = createServer((_, response) => {
      calls++;
      response.end("{}");
    });
    await new Promise<void>((resolve) => late.listen(port, "127.0.0.1", resolve));
    const answer = await answered;
    expect(answer.status).toBe(200);
    expect(attemptsOf(answer)).toBeGreaterThan(1);
    expect(calls).toBe(1);
    late.closeAllConnections();
    await new Promise((resolve) => late.close(resolve));
  });

  test("who cannot be reached at all: 502 after the last attempt", async () => {
    const port = await freePort();
    await using gateway = await startTestGateway({
      retry: { base: "5ms" },
      upstreams: { plain: { dialect: "generic", base_url: `http://127.0.0.1:${port}` } },
    });
    const answer = await post(`${gateway.url}/plain/things`, {});
    expect(answer.status).toBe(502);
    expect(attemptsOf(answer)).toBe(3);
    expect(await codeOf(answer)).toBe("upstream_error");
    await atRest(gateway);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("the provider does not answer", () => {
  const server = { timeouts: { first_byte: "200ms" } };

  test("504 after the last attempt; each is closed and none keeps its slot", async () => {
    await using gateway = await start(
      "openai",
      [{ kind: "hang" }],
      [{ max_parallel_requests: 1 }],
      {
        server,
      },
    );
    const answer = await gateway.send();
    expect(answer.status).toBe(504);
    expect(attemptsOf(answer)).toBe(3);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(await codeOf(answer)).toBe("upstream_timeout");
    await until(() => gateway.mock.stats().disconnects === 3, "all are closed");
    await atRest(gateway);
  });

  test("504 also where there is no time for another attempt", async () => {
    await using gateway = await start("openai", [{ kind: "hang" }], [], {
      server,
      retry: { base: "10s" },
    });
    const answer = await gateway.send({}, { "x-sluice-max-wait-ms": "1000" });
    expect(answer.status).toBe(504);
    expect(await codeOf(answer)).toBe("upstream_timeout");
    expect(callsOf(gateway)).toBe(1);
  });

  test("a stream that opens and then says nothing is no first byte", async () => {
    let calls = 0;
    await using upstream = await startUpstream((response) => {
      answerStream(response);
      response.write(chatEvent(""));
      if (++calls === 2) response.end(`${chatEvent("late")}data: [DONE]\n\n`);
    });
    await using gateway = await startTestGateway({
      server,
      retry: { base: "5ms" },
      upstreams: { it: { dialect: "openai", base_url: upstream.url, api_key: "k" } },
    });
    const answer = await post(`${gateway.url}/v1/chat/completions`, chat({ stream: true }), {
      signal: AbortSignal.timeout(5_000),
    });
    expect(await answer.text()).toContain("late");
    expect(attemptsOf(answer)).toBe(2);
  });

  test("the whole of an answer has its time too: a stream that does not end is broken", async () => {
    await using upstream = await startUpstream((response) => {
      answerStream(response);
      response.write(chatEvent("one"));
    });
    await using gateway = await startTestGateway({
      server: { timeouts: { first_byte: "100ms", upstream: "400ms" } },
      upstreams: { it: { dialect: "openai", base_url: upstream.url, api_key: "k" } },
    });
    const answer = await post(`${gateway.url}/v1/chat/completions`, chat({ stream: true }));
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
    await until(() => upstream.received[0].wasAborted, "the upstream is cut off");
    await atRest(gateway);
  });
});

describe("an account that cannot be charged", () => {
  test.each<DialectName>(["openai", "anthropic"])(
    "%s: 503 once, never repeated",
    async (dialect) => {
      await using gateway = await start(dialect, [{ kind: "billing" }]);
      const answer = await gateway.send();
      expect(answer.status).toBe(503);
      expect(answer.headers.get("x-should-retry")).toBe("false");
      expect(await codeOf(answer)).toBe("upstream_billing");
      expect(callsOf(gateway)).toBe(1);
      await atRest(gateway);
    },
  );
});
