/** Retries: what fails before the client has seen anything is tried again, and the client never knows. */
import type { ServerResponse } from "node:http";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/mock/index.ts";
import { atRest, chat, EXACT, pause, post, startTestGateway, until } from "../support/gateway.ts";
import {
  attemptsOf,
  callsOf,
  codeOf,
  type DialectName,
  startPlain,
  startProvider,
} from "../support/gateway-provider.ts";
import { answerJson, startUpstream } from "../support/gateway-upstream.ts";

describe("the provider says 429 although we saw room", () => {
  test.each<DialectName>(["openai", "anthropic"])(
    "%s: the client never sees it",
    async (dialect) => {
      const headers = { "retry-after-ms": "300", "retry-after": "1" };
      await using gateway = await startProvider(dialect, [
        { kind: "status", status: 429, headers, count: 2 },
      ]);
      const startedAt = performance.now();
      const answer = await gateway.send();
      expect(answer.status).toBe(200);
      expect(attemptsOf(answer)).toBe(3);
      expect(performance.now() - startedAt).toBeGreaterThan(590);
      expect(Number(answer.headers.get("x-sluice-wait-ms"))).toBeGreaterThan(400);
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
    await using gateway = await startProvider("openai", faults, limits);
    const startedAt = performance.now();
    const answer = await gateway.send();
    expect(answer.status).toBe(200);
    expect(attemptsOf(answer)).toBe(2);
    expect(performance.now() - startedAt).toBeGreaterThan(290);
  });

  test("for hours: refused at once with the time it says, and nobody hangs in the queue", async () => {
    const headers = { "retry-after": "7200" };
    const faults: Fault[] = [{ kind: "status", status: 429, headers, count: 1 }];
    await using gateway = await startProvider("anthropic", faults);
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
      await using gateway = await startProvider(dialect, [fault]);
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
    await using gateway = await startProvider(dialect, [{ kind: "overload" }]);
    const answer = await gateway.send();
    expect(answer.status).toBe(status);
    expect(attemptsOf(answer)).toBe(3);
    expect(await answer.text()).toContain("verloaded");
    expect(callsOf(gateway)).toBe(3);
    await atRest(gateway);
  });

  test("of a whole answer, too: its head alone shows the client nothing", async () => {
    const ends: ((response: ServerResponse) => void)[] = [
      (response) => setTimeout(() => response.destroy(), 20),
      () => {}, // It stays silent.
      (response) => response.end("{}"),
    ];
    let calls = 0;
    await using upstream = await startUpstream((response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.flushHeaders();
      ends[calls++](response);
    });
    await using gateway = await startTestGateway({
      retry: { base: "5ms" },
      server: { timeouts: { first_byte: "300ms" } },
      upstreams: { it: { dialect: "openai", base_url: upstream.url, api_key: "k" } },
    });
    const answer = await post(`${gateway.url}/v1/chat/completions`, chat());
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("{}");
    expect(attemptsOf(answer)).toBe(3);
    await atRest(gateway);
  });

  test("the SDKs need no retries of their own", async () => {
    await using one = await startProvider("openai", [{ kind: "overload", count: 2 }]);
    const openai = new OpenAI({ baseURL: `${one.url}/v1`, apiKey: "k", maxRetries: 0 });
    const messages = [{ role: "user" as const, content: "Hello" }];
    const stream = openai.chat.completions.stream({ model: "gpt-5", messages });
    expect((await stream.finalChatCompletion()).choices).toHaveLength(1);
    await using two = await startProvider("anthropic", [
      { kind: "error-in-stream", afterTokens: 0, count: 2 },
    ]);
    const anthropic = new Anthropic({ baseURL: two.url, apiKey: "k", maxRetries: 0 });
    const request = { model: "claude-sonnet-5", max_tokens: 9, messages };
    expect((await anthropic.messages.stream(request).finalMessage()).content).toHaveLength(1);
  });

  test("a retry that would come after the max wait is not waited for", async () => {
    await using gateway = await startProvider(
      "openai",
      [{ kind: "status", status: 500 }],
      undefined,
      {
        retry: { base: "10s" },
      },
    );
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
      await using gateway = await startProvider(dialect, [
        { kind: "error-in-stream", afterTokens: 3 },
      ]);
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
      await using gateway = await startProvider(dialect, [{ kind: "cut-stream", afterTokens: 3 }]);
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

describe("an account that cannot be charged", () => {
  test.each<DialectName>(["openai", "anthropic"])(
    "%s: 503 once, never repeated",
    async (dialect) => {
      await using gateway = await startProvider(dialect, [{ kind: "billing" }]);
      const answer = await gateway.send();
      expect(answer.status).toBe(503);
      expect(answer.headers.get("x-should-retry")).toBe("false");
      expect(await codeOf(answer)).toBe("upstream_billing");
      expect(callsOf(gateway)).toBe(1);
      await atRest(gateway);
    },
  );
});
