/** Pass-through: any request below an upstream's base URL, and nothing outside of it. */
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pause, startTestGateway, type TestGateway, until } from "../support/gateway.ts";
import { openRaw, statusOf } from "../support/gateway-socket.ts";
import {
  answerJson,
  answerStream,
  chatEvent,
  type Handler,
  startUpstream,
  type TestUpstream,
} from "../support/gateway-upstream.ts";

const KIB = 1_024;
const MIB = 1_024 * KIB;

let upstream: TestUpstream;
let gateway: TestGateway;
let answer: Handler;

beforeAll(async () => {
  upstream = await startUpstream((response, received, message) =>
    answer(response, received, message),
  );
  gateway = await startTestGateway({
    server: { body_max: "1MiB", header_max: "16KiB", timeouts: { body: "300ms" } },
    upstreams: {
      based: { dialect: "openai", base_url: `${upstream.url}/base/v1`, api_key: "k" },
      bare: { dialect: "generic", base_url: upstream.url },
    },
  });
});

afterAll(async () => {
  await gateway.close();
  await upstream[Symbol.asyncDispose]();
});

const answerEmpty: Handler = (response) => answerJson(response, 200, {});

describe("a path goes below the base URL", () => {
  test.each([
    ["/based/files?limit=2&after=a%20b", "/base/v1/files?limit=2&after=a%20b"],
    ["/based/v1/files?x", "/base/v1/files?x"],
    ["/based/v1", "/base/v1"],
    ["/based/v1?x=1", "/base/v1?x=1"],
    ["/based", "/base/v1"],
    ["/based/", "/base/v1/"],
    ["/based/v1beta/x", "/base/v1/v1beta/x"],
    ["/based/v1/v1/x", "/base/v1/v1/x"],
    ["/bare/v1/x", "/v1/x"],
    ["/bare?q", "/?q"],
    ["/bare/a//b", "/a//b"],
    ["/bare/a%2Fb%3F", "/a%2Fb%3F"],
    ["/bare/%E6%A8%A1?%E6=%zz", "/%E6%A8%A1?%E6=%zz"],
    ["/v1/files/file-1/content?x=1", "/base/v1/files/file-1/content?x=1"],
  ])("%s -> %s", async (path, url) => {
    answer = answerEmpty;
    expect(await statusOf(gateway.url, head("GET", path))).toBe(200);
    expect(upstream.received.at(-1)?.url).toBe(url);
  });
});

function head(method: string, target: string, ...headers: string[]): string {
  const lines = [`${method} ${target} HTTP/1.1`, "host: h", "connection: close", ...headers];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

describe("no path leaves the base URL", () => {
  test.each([
    "/based/../secret",
    "/based/..",
    "/based/v1/../../../secret",
    "/based/%2e%2e/secret",
    "/based/.%2E/secret",
    "/based/x/../../secret",
    "/based/..\\secret",
    "/based/\\..\\..\\secret",
    "/based/..%2fsecret",
    "/based/%2e%2e%2fsecret",
    "/based/..%5csecret",
    "/based/v1/x/..%2f..%2f..%2fsecret",
    "/v1/../../secret",
    "/v1/%2e%2e/%2e%2e/secret",
    "/v1/..%2f..%2fsecret",
    "//127.0.0.1:1/secret",
    "//based/secret",
    "http://127.0.0.1:1/secret",
    "http://127.0.0.1:1/based/secret",
    "https://user:pass@127.0.0.1/secret",
    "*",
    "/nobody/../based/secret",
    "/./based/secret",
    "/%62ased/secret",
  ])("%s", async (target) => {
    answer = answerEmpty;
    const before = upstream.received.length;
    const status = await statusOf(gateway.url, head("GET", target));
    expect([400, 404]).toContain(status);
    expect(upstream.received).toHaveLength(before);
  });

  test.each([
    ["/bare/@127.0.0.1:1/x", "/@127.0.0.1:1/x"],
    ["/bare//127.0.0.1:1/x", "//127.0.0.1:1/x"],
    ["/bare/http://127.0.0.1:1/x", "/http://127.0.0.1:1/x"],
    ["/bare/:1/x", "/:1/x"],
    ["/bare?@127.0.0.1:1/x", "/?@127.0.0.1:1/x"],
    ["/based/x/../y", "/base/v1/y"],
  ])("%s stays at its host", async (target, url) => {
    answer = answerEmpty;
    expect(await statusOf(gateway.url, head("GET", target))).toBe(200);
    expect(upstream.received.at(-1)?.url).toBe(url);
  });

  test("line breaks and control characters are no way in", async () => {
    const before = upstream.received.length;
    for (const target of ["/bare/a\r\nx-forged: 1\r\n", "/bare/a\nb", "/bare/a\0b", "/bare/a b"]) {
      expect(await statusOf(gateway.url, head("GET", target))).toBe(400);
    }
    expect(upstream.received.length).toBe(before);
    answer = answerEmpty;
    await statusOf(gateway.url, head("GET", "/bare/a%0d%0ax-forged:%201"));
    expect(upstream.received.at(-1)).toMatchObject({ url: "/a%0d%0ax-forged:%201" });
    expect(upstream.received.at(-1)?.headers).not.toHaveProperty("x-forged");
  });

  test("two lengths, or a length and chunks, are no way to smuggle a request", async () => {
    const before = upstream.received.length;
    const smuggled = "GET /bare/smuggled HTTP/1.1\r\nhost: h\r\n\r\n";
    const heads = [
      head("POST", "/bare/x", "content-length: 0", `content-length: ${smuggled.length}`),
      head("POST", "/bare/x", "content-length: 5", "transfer-encoding: chunked"),
      head("POST", "/bare/x", "transfer-encoding: chunked, identity"),
      head("POST", "/bare/x", "transfer-encoding: xchunked"),
    ];
    for (const one of heads) {
      const status = await statusOf(gateway.url, `${one}0\r\n\r\n${smuggled}`);
      expect([400, 501]).toContain(status);
    }
    const urls = upstream.received.slice(before).map(({ url }) => url);
    expect(urls).not.toContain("/smuggled");
  });
});

describe("methods and statuses", () => {
  test.each(["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])(
    "%s passes",
    async (method) => {
      answer = answerEmpty;
      expect(await statusOf(gateway.url, head(method, "/bare/x"))).toBe(200);
      expect(upstream.received.at(-1)?.method).toBe(method);
    },
  );

  test("HEAD has the length and no body", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-length": "12345", etag: '"x"' });
      response.end();
    };
    const found = await fetch(`${gateway.url}/bare/x`, { method: "HEAD" });
    expect(found.headers.get("content-length")).toBe("12345");
    expect(found.headers.get("etag")).toBe('"x"');
    expect(await found.text()).toBe("");
    const refused = await fetch(`${gateway.url}/nobody/x`, { method: "HEAD" });
    expect(refused.status).toBe(404);
    expect(await (await fetch(`${gateway.url}/health/live`, { method: "HEAD" })).text()).toBe("");
  });

  test.each([204, 205, 304])("%i has no body and ends", async (status) => {
    answer = (response) => void response.writeHead(status, { etag: '"x"' }).end();
    const found = await fetch(`${gateway.url}/bare/x`);
    expect(found.status).toBe(status);
    expect(await found.text()).toBe("");
  });

  test("a redirect is the client's affair", async () => {
    answer = (response) => void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
    const found = await fetch(`${gateway.url}/bare/x`, { redirect: "manual" });
    expect(found.status).toBe(302);
    expect(found.headers.get("location")).toBe("http://127.0.0.1:1/");
  });

  test("hints on the way (1xx) do not take the answer's place", async () => {
    answer = (response) => {
      response.writeEarlyHints({ link: "</x>; rel=preload" });
      answerJson(response, 201, { made: true });
    };
    const found = await fetch(`${gateway.url}/bare/x`);
    expect(found.status).toBe(201);
    expect(await found.json()).toEqual({ made: true });
  });

  test("an error's body passes whole, however large", async () => {
    for (const size of [10, 3 * MIB]) {
      const text = "e".repeat(size);
      answer = (response) => answerJson(response, 422, text);
      const found = await fetch(`${gateway.url}/bare/x`);
      expect(found.status).toBe(422);
      expect(await found.json()).toBe(text);
    }
  });

  test("a compressed answer passes as it is", async () => {
    const packed = gzipSync("hello");
    answer = (response) => {
      response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length });
      response.end(packed);
    };
    const found = await fetch(`${gateway.url}/bare/x`);
    expect(await found.text()).toBe("hello");
  });

  test("a compressed stream is not held back, though its events cannot be read", async () => {
    let running: ServerResponse | undefined;
    answer = (response) => {
      running = response;
      answerStream(response, { "content-encoding": "gzip" });
      response.write(gzipSync(chatEvent("one")));
    };
    const found = await rawGet("/bare/x");
    const [first] = await found.take(1);
    expect(first[0]).toBe(0x1f);
    expect(running?.writableEnded).toBe(false);
    found.destroy();
  });
});

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
    answer = answerEmpty;
    const body = new FormData();
    body.append("file", new Blob(["x".repeat(3 * MIB)]), "x.jsonl");
    await fetch(`${gateway.url}/based/files`, { method: "POST", body });
    const last = upstream.received.at(-1);
    expect(last?.headers["content-length"]).toBe(String(last?.body.length));
    expect(last?.headers).not.toHaveProperty("transfer-encoding");
    expect(String(last?.body)).toContain("x.jsonl");
  });

  test("bytes that are no JSON pass unchanged, JSON that is not read too", async () => {
    answer = answerEmpty;
    const bytes = Buffer.from([0, 255, 13, 10, 200]);
    await fetch(`${gateway.url}/bare/x`, { method: "PUT", body: bytes });
    expect(upstream.received.at(-1)?.body).toEqual(bytes);
    const json = '{"a" : 1.0, "n": 12345678901234567890, "a": 2}';
    for (const type of ["application/json", "application/vnd.api+json"]) {
      const headers = { "content-type": type };
      await fetch(`${gateway.url}/bare/x`, { method: "POST", body: json, headers });
      expect(String(upstream.received.at(-1)?.body)).toBe(json);
    }
    const broken = '{"a":';
    const headers = { "content-type": "application/json" };
    await fetch(`${gateway.url}/bare/x`, { method: "POST", body: broken, headers });
    expect(String(upstream.received.at(-1)?.body)).toBe(broken);
  });

  test("one that is too large: 413 that arrives, whether its length was told or not", async () => {
    const before = upstream.received.length;
    const large = JSON.stringify({ x: "x".repeat(8 * MIB) });
    const bodies = [large, new Blob([large]).stream()];
    for (const body of bodies) {
      const found = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        duplex: "half",
      } as RequestInit);
      expect(found.status).toBe(413);
      expect(found.headers.get("x-should-retry")).toBe("false");
      expect(await found.json()).toMatchObject({
        error: { code: "body_too_large", details: { meter: "server.body_max", limit: MIB } },
      });
    }
    expect(upstream.received).toHaveLength(before);
  });

  test("one that is too large: 413 also for a client that reads only once it has sent all", async () => {
    const size = 16 * MIB;
    const type = "content-type: application/json";
    const url = gateway.url;
    using raw = await openRaw(
      url,
      head("POST", "/v1/chat/completions", type, `content-length: ${size}`),
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
      gateway.url,
      head("POST", "/v1/chat/completions", type, "transfer-encoding: chunked"),
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
    const slow = head("POST", "/v1/chat/completions", type, "content-length: 100");
    expect(await statusOf(gateway.url, `${slow}{"mod`)).toBe(408);
    const chunked = head("POST", "/bare/x", type, "transfer-encoding: chunked");
    expect(await statusOf(gateway.url, `${chunked}5\r\n{"mod\r\n`)).toBe(408);
  });

  test("one that breaks off is nobody's request", async () => {
    const before = upstream.received.length;
    const type = "content-type: application/json";
    const raw = await openRaw(
      gateway.url,
      `${head("POST", "/v1/chat/completions", type, "content-length: 100")}{"mod`,
    );
    await pause(20);
    raw.socket.destroy();
    await raw.closed;
    await pause(50);
    expect(upstream.received).toHaveLength(before);
    expect(gateway.runtime.load).toEqual({ waiting: 0, running: 0, bytes: 0 });
  });

  test("a head that is too large: 431", async () => {
    const large = head("GET", "/bare/x", `x-large: ${"x".repeat(20 * KIB)}`);
    expect(await statusOf(gateway.url, large)).toBe(431);
  });
});

/** A reader that takes no more than it is asked to. */
async function rawGet(path: string) {
  const request = httpRequest(gateway.url + path, { agent: false });
  const response = await new Promise<IncomingMessage>((resolve) => {
    request.once("response", resolve);
    request.end();
  });
  response.on("error", () => {});
  const chunks = response[Symbol.asyncIterator]();
  return {
    destroy: () => request.destroy(),
    async take(count: number): Promise<Buffer[]> {
      const taken: Buffer[] = [];
      while (taken.length < count) {
        const { value, done } = await chunks.next();
        if (done) break;
        taken.push(value);
      }
      return taken;
    },
  };
}

test("a large answer is read from upstream only as fast as the client reads it", async () => {
  const total = 160 * MIB;
  const chunk = Buffer.alloc(MIB, "z");
  let sent = 0;
  let wake = () => {};
  answer = async (response) => {
    response.on("drain", () => wake()).on("close", () => wake());
    response.writeHead(200, { "content-length": total });
    while (sent < total && !response.destroyed) {
      sent += chunk.length;
      if (response.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    response.end();
  };
  const client = await rawGet("/bare/large");
  await client.take(1);
  let before = -1;
  await until(async () => {
    const isStill = before === sent;
    before = sent;
    await pause(200);
    return isStill;
  }, "the upstream stands still");
  // What is on the way lies in the buffers of three sockets.
  expect(sent).toBeLessThan(total / 2);
  const heldBefore = sent;
  let taken = 0;
  while (taken < 80 * MIB) taken += (await client.take(1))[0].length;
  await until(() => sent > heldBefore, "the upstream goes on");
  client.destroy();
  await until(() => upstream.received.at(-1)?.wasAborted === true, "the upstream is cut off");
});

test("20 MB arrive whole", async () => {
  const bytes = Buffer.alloc(20_000_000, "abcdefghij");
  answer = (response) => void response.writeHead(200).end(bytes);
  const found = await fetch(`${gateway.url}/bare/large`);
  expect(Buffer.compare(Buffer.from(await found.arrayBuffer()), bytes)).toBe(0);
});
