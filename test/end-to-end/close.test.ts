/** Close: nothing new is taken, what runs or waits ends well, what does not end in time is cut. */
import type { ServerResponse } from "node:http";
import { createConnection } from "node:net";
import { describe, expect, test } from "vitest";
import { startGateway } from "../../src/gateway/gateway.ts";
import { chat, configOf, pause, post, startTestGateway, until } from "../support/gateway.ts";
import { openRaw } from "../support/gateway-socket.ts";
import { answerJson, answerStream, chatEvent, startUpstream } from "../support/gateway-upstream.ts";

/** A gateway whose upstream answers when the test says. */
async function start(server: object = { timeouts: { drain: "20s" } }) {
  const held: ServerResponse[] = [];
  const upstream = await startUpstream((response) => void held.push(response));
  const limits = [{ max_parallel_requests: 1 }];
  const gateway = await startTestGateway({
    server,
    upstreams: { it: { dialect: "openai", base_url: upstream.url, api_key: "k", limits } },
  });
  return {
    ...gateway,
    held,
    upstream,
    send: (body: object = {}) => post(`${gateway.url}/v1/chat/completions`, chat(body)),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

async function refusesConnections(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve) => {
    const socket = createConnection(Number(port), hostname);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });
}

describe("close", () => {
  test("lets what runs and what waits end, then resolves", async () => {
    await using gateway = await start();
    const all = [gateway.send(), gateway.send()];
    await until(() => gateway.runtime.load.waiting === 1, "one runs, one waits");
    let isClosed = false;
    const closing = gateway.close().then(() => {
      isClosed = true;
    });
    await until(() => refusesConnections(gateway.url), "new connections are refused");
    for (let i = 0; i < 2; i++) {
      await until(() => gateway.held.length === i + 1, "the next is sent");
      await pause(20);
      expect(isClosed).toBe(false);
      answerJson(gateway.held[i], 200, {});
    }
    for (const answer of await Promise.all(all)) {
      expect(answer.status).toBe(200);
      await answer.text();
    }
    const startedAt = performance.now();
    await closing;
    // Connections that their clients would keep alive are not waited for.
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  test("is not held up by a connection on which nothing is asked", async () => {
    await using gateway = await start();
    using silent = await openRaw(gateway.url, "");
    await until(async () => !(await refusesConnections(gateway.url)), "it listens");
    const startedAt = performance.now();
    await gateway.close();
    await silent.closed;
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  test("says that it drains to who still has a connection, and closes it then", async () => {
    await using gateway = await start();
    const body = JSON.stringify(chat());
    const type = `content-type: application/json\r\ncontent-length: ${body.length}`;
    using raw = await openRaw(
      gateway.url,
      `POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\n${type}\r\n\r\n${body}`,
    );
    await until(() => gateway.held.length === 1, "it is sent");
    const closing = gateway.close();
    raw.socket.write("GET /health/ready HTTP/1.1\r\nhost: h\r\n\r\n");
    raw.socket.write("GET /health/live HTTP/1.1\r\nhost: h\r\n\r\n");
    await pause(50);
    answerJson(gateway.held[0], 200, {});
    await raw.closed;
    const [first, ready] = raw.text.split(/(?=HTTP\/1\.1 )/);
    expect(first).toContain("HTTP/1.1 200");
    expect(ready).toContain("HTTP/1.1 503");
    expect(ready.toLowerCase()).toContain("connection: close");
    expect(ready).toContain('"status":"draining"');
    await closing;
  });

  test("cuts what does not end within the drain time", async () => {
    await using gateway = await start({ timeouts: { drain: "200ms" } });
    const streaming = await Promise.all([
      gateway.send({ stream: true }),
      until(() => gateway.held.length === 1, "it is sent").then(() => {
        answerStream(gateway.held[0]);
        gateway.held[0].write(chatEvent("one"));
      }),
    ]).then(([answer]) => answer);
    const broken = expect(streaming.text()).rejects.toThrow();
    const waiting = expect(gateway.send()).rejects.toThrow();
    await until(() => gateway.runtime.load.waiting === 1, "the second waits");
    const startedAt = performance.now();
    await gateway.close();
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThan(190);
    expect(tookMs).toBeLessThan(5_000);
    await broken;
    await waiting;
    await until(() => gateway.upstream.received[0].wasAborted, "the upstream is cut off");
    expect(gateway.upstream.received).toHaveLength(1);
    expect(gateway.runtime.load).toEqual({ waiting: 0, running: 0, bytes: 0 });
  });

  test("twice is as good as once", async () => {
    const gateway = await start();
    await Promise.all([gateway.close(), gateway.close()]);
    await gateway.close();
    await gateway.upstream[Symbol.asyncDispose]();
  });

  test("leaves nothing behind that keeps a process alive", async () => {
    await using gateway = await start();
    const answered = gateway.send();
    await until(() => gateway.held.length === 1, "it is sent");
    answerJson(gateway.held[0], 200, {});
    await (await answered).text();
    await gateway.close();
    // Sooner than its idle connections would be closed anyway.
    await until(() => gateway.upstream.connections === 0, "its connections are closed", 2_000);
  });
});

test("an address that is taken is an error, not a crash", async () => {
  await using first = await start();
  const config = configOf({
    upstreams: { it: { dialect: "openai", base_url: first.upstream.url } },
  });
  const { hostname, port } = new URL(first.url);
  const listen = { ...config.server.listen, host: hostname, port: Number(port) };
  const taken = { ...config, server: { ...config.server, listen } };
  await expect(startGateway({ config: taken })).rejects.toThrow("EADDRINUSE");
});

test("more connections than are allowed are closed, the others are served", async () => {
  await using upstream = await startUpstream();
  await using gateway = await startTestGateway({
    server: { connections: 2 },
    upstreams: { it: { dialect: "openai", base_url: upstream.url } },
  });
  using first = await openRaw(gateway.url, "");
  using second = await openRaw(gateway.url, "");
  await pause(20);
  using third = await openRaw(gateway.url, "GET /health/live HTTP/1.1\r\nhost: h\r\n\r\n");
  await third.closed;
  expect(third.text).toBe("");
  for (const one of [first, second]) {
    one.socket.write("GET /health/live HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    await one.closed;
    expect(one.text).toContain("HTTP/1.1 200");
  }
});
