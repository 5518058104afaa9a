/** Uploads: bodies that are read are bounded in size and time, all others stream through. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pause, startTestGateway, until } from "../support/gateway.ts";
import { answerEmpty, BODY_MAX, KIB, MIB, type Pair, startPair } from "../support/gateway-pair.ts";
import { openRaw, requestHead, statusOf } from "../support/gateway-socket.ts";
import { answerJson, startUpstream } from "../support/gateway-upstream.ts";

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
});

afterAll(() => pair[Symbol.asyncDispose]());

describe("request bodies", () => {
  test("multipart streams: its beginning arrives before its end is sent", async () => {
    const seen: Buffer[] = [];
    await using streaming = await startUpstream(
      async (response, _, message) => {
        for await (const chunk of message) seen.push(chunk);
        answerJson(response, 200, {});
      },
      { streamsBody: true },
    );
    await using one = await startTestGateway({
      server: { body_max: "1KiB", timeouts: { body: "100ms" } },
      upstreams: { it: { dialect: "openai", base_url: streaming.url, api_key: "k" } },
    });
    const part = Buffer.alloc(64 * KIB, "p");
    const upload = httpRequest(`${one.url}/v1/files`, {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=b" },
    });
    const answered = new Promise<IncomingMessage>((resolve) => upload.once("response", resolve));
    upload.write(part);
    await until(() => Buffer.concat(seen).length === part.length, "the first part has arrived");
    // Longer than the time for bodies that are read, larger than what may be read.
    await pause(300);
    upload.end(part);
    const response = await answered;
    expect(response.statusCode).toBe(200);
    response.resume();
    expect(Buffer.concat(seen)).toEqual(Buffer.concat([part, part]));
    expect(streaming.received[0].headers["content-type"]).toBe("multipart/form-data; boundary=b");
  });

  test("an upload's length travels with it", async () => {
    pair.answer = answerEmpty;
    const body = new FormData();
    body.append("file", new Blob(["x".repeat(3 * MIB)]), "x.jsonl");
    await fetch(`${pair.gateway.url}/based/files`, { method: "POST", body });
    const last = pair.upstream.received.at(-1);
    expect(last?.headers["content-length"]).toBe(String(last?.body.length));
    expect(last?.headers).not.toHaveProperty("transfer-encoding");
    expect(String(last?.body)).toContain("x.jsonl");
  });

  test("bytes that are no JSON pass unchanged, JSON that is not read too", async () => {
    pair.answer = answerEmpty;
    const bytes = Buffer.from([0, 255, 13, 10, 200]);
    await fetch(`${pair.gateway.url}/bare/x`, { method: "PUT", body: bytes });
    expect(pair.upstream.received.at(-1)?.body).toEqual(bytes);
    const json = '{"a" : 1.0, "n": 12345678901234567890, "a": 2}';
    for (const type of ["application/json", "application/vnd.api+json"]) {
      const headers = { "content-type": type };
      await fetch(`${pair.gateway.url}/bare/x`, { method: "POST", body: json, headers });
      expect(String(pair.upstream.received.at(-1)?.body)).toBe(json);
    }
    const broken = '{"a":';
    const headers = { "content-type": "application/json" };
    await fetch(`${pair.gateway.url}/bare/x`, { method: "POST", body: broken, headers });
    expect(String(pair.upstream.received.at(-1)?.body)).toBe(broken);
  });

  test("one that is too large: 413 that arrives, whether its length was told or not", async () => {
    const before = pair.upstream.received.length;
    const large = JSON.stringify({ x: "x".repeat(8 * MIB) });
    const bodies = [large, new Blob([large]).stream()];
    for (const body of bodies) {
      const found = await fetch(`${pair.gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        duplex: "half",
      } as RequestInit);
      expect(found.status).toBe(413);
      expect(found.headers.get("x-should-retry")).toBe("false");
      expect(await found.json()).toMatchObject({
        error: { code: "body_too_large", details: { meter: "server.body_max", limit: BODY_MAX } },
      });
    }
    expect(pair.upstream.received).toHaveLength(before);
  });

  test("one that is too large: 413 also for a client that reads only once it has sent all", async () => {
    const size = 16 * MIB;
    const type = "content-type: application/json";
    const url = pair.gateway.url;
    using raw = await openRaw(
      url,
      requestHead("POST", "/v1/chat/completions", type, `content-length: ${size}`),
    );
    let hasFailed = false;
    raw.socket.on("error", () => {
      hasFailed = true;
    });
    for (let sent = 0; sent < size; sent += MIB) {
      if (!raw.socket.write(Buffer.alloc(MIB, "x")) && !raw.socket.destroyed) {
        await new Promise<void>((resolve) => {
          raw.socket.once("drain", resolve).once("close", () => resolve());
        });
      }
    }
    await raw.closed;
    expect(hasFailed).toBe(false);
    expect(raw.text).toContain("HTTP/1.1 413");
    expect(raw.text).toContain("body_too_large");
  });

  test("one that is too large and never ends is not read for ever", async () => {
    const type = "content-type: application/json";
    using raw = await openRaw(
      pair.gateway.url,
      requestHead("POST", "/v1/chat/completions", type, "transfer-encoding: chunked"),
    );
    const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
    const feeding = setInterval(() => raw.socket.write(chunk), 1);
    await raw.closed;
    clearInterval(feeding);
    expect(raw.text).toContain("HTTP/1.1 413");
  });

  test("one that streams to an upstream that cannot be reached: 502, no broken connection", async () => {
    await using one = await startTestGateway({
      retry: { base: "5ms" },
      upstreams: { it: { dialect: "generic", base_url: "http://127.0.0.1:1" } },
    });
    for (const size of [1_000, 8 * MIB]) {
      const found = await fetch(`${one.url}/it/x`, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        body: Buffer.alloc(size),
      });
      expect(found.status).toBe(502);
      expect(await found.json()).toMatchObject({ error: { code: "upstream_error" } });
    }
  });

  test("one that streams to an upstream that answers before it has read all: its answer", async () => {
    await using hasty = await startUpstream((response) => answerJson(response, 403, { no: 1 }), {
      streamsBody: true,
    });
    await using one = await startTestGateway({
      upstreams: { it: { dialect: "generic", base_url: hasty.url } },
    });
    const found = await fetch(`${one.url}/it/x`, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body: Buffer.alloc(64 * KIB),
    });
    expect(found.status).toBe(403);
    expect(await found.json()).toEqual({ no: 1 });
  });

  test("one that does not come: 408", async () => {
    const type = "content-type: application/json";
    const slow = requestHead("POST", "/v1/chat/completions", type, "content-length: 100");
    expect(await statusOf(pair.gateway.url, `${slow}{"mod`)).toBe(408);
    const chunked = requestHead("POST", "/bare/x", type, "transfer-encoding: chunked");
    expect(await statusOf(pair.gateway.url, `${chunked}5\r\n{"mod\r\n`)).toBe(408);
  });

  test("one that breaks off is nobody's request", async () => {
    const before = pair.upstream.received.length;
    const type = "content-type: application/json";
    const raw = await openRaw(
      pair.gateway.url,
      `${requestHead("POST", "/v1/chat/completions", type, "content-length: 100")}{"mod`,
    );
    await pause(20);
    raw.socket.destroy();
    await raw.closed;
    await pause(50);
    expect(pair.upstream.received).toHaveLength(before);
    expect(pair.gateway.runtime.load).toEqual({ waiting: 0, running: 0, bytes: 0 });
  });

  test("a head that is too large: 431", async () => {
    const large = requestHead("GET", "/bare/x", `x-large: ${"x".repeat(20 * KIB)}`);
    expect(await statusOf(pair.gateway.url, large)).toBe(431);
  });
});
