/** Hostile requests: no way of writing a request gets more than the tenant may have, or holds what others need. */
import { createHash } from "node:crypto";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chat, pause, startTestGateway, type TestGateway, until } from "../support/gateway.ts";
import { openRaw, requestHead, statusOf } from "../support/gateway-socket.ts";
import { answerJson, startUpstream, type TestUpstream } from "../support/gateway-upstream.ts";

const KEY = "authorization: Bearer sk-small";
const hashed = (key: string) => `sha256:${createHash("sha256").update(key).digest("hex")}`;

let upstream: TestUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startUpstream((response, { url, headers }) => {
    if (url.endsWith("/large")) return void response.end(Buffer.alloc(8_000_000));
    answerJson(response, 200, { headers });
  });
  const { url } = upstream;
  gateway = await startTestGateway({
    server: { timeouts: { body: "300ms", upstream: "1s" } },
    breaker: { failures: 3, rate: 0.1 },
    tenants: { small: { keys: [hashed("sk-small")], models: ["small-*"] } },
    upstreams: {
      openai: { dialect: "openai", base_url: `${url}/v1`, api_key: "k" },
      gemini: { dialect: "gemini", base_url: url, api_key: "k" },
      claude: { dialect: "anthropic", base_url: url, api_key: "k" },
      plain: { dialect: "generic", base_url: url, api_key: "k" },
    },
    models: { alias: [{ upstream: "openai", model: "small-1" }] },
  });
});

afterAll(async () => {
  await gateway.close();
  await upstream[Symbol.asyncDispose]();
});

function ask(path: string, body: string, type = "application/json", ...headers: string[]) {
  const bytes = Buffer.from(body).toString("latin1");
  const length = `content-length: ${bytes.length}`;
  const head = requestHead("POST", path, KEY, `content-type: ${type}`, length, ...headers);
  return statusOf(gateway.url, head + bytes);
}

describe("a tenant that may use some models only", () => {
  const large = JSON.stringify(chat({ model: "large" }));
  const small = JSON.stringify(chat({ model: "small-1" }));

  test.each([
    "/openai/v1/chat/completions",
    "/openai/v1/chat/completion%73",
    "/openai/v1/chat%2fcompletions",
    "/openai/v1/chat\\completions",
    "/openai/v1/chat/completions/.",
    "/openai/v1/chat/completions/x/..",
    "/openai/v1/chat//completions",
    "/v1/chat/completion%73",
    "/v1/x/../chat/completions",
  ])("hides no other in the spelling of %s", async (path) => {
    for (const type of ["application/json", "text/plain", "application/octet-stream"]) {
      expect(await ask(path, large, type), type).toBe(403);
      expect(await ask(path, small, type), type).toBe(200);
    }
  });

  test.each([
    ["after a byte order mark", `\ufeff${large}`],
    ["beside what only lenient parsers take", large.replace("{", '{"x":NaN,')],
    [
      "below more levels than are read",
      large.replace("{", `{"x":${"[".repeat(300)}${"]".repeat(300)},`),
    ],
  ])("hides no other %s", async (_, body) => {
    for (const path of ["/openai/v1/chat/completions", "/v1/chat/completions"]) {
      expect(await ask(path, body)).toBe(400);
    }
  });

  test("hides no other in a multipart body", async () => {
    const path = "/openai/v1/chat/completions";
    expect(await ask(path, large, "multipart/form-data; boundary=x")).toBe(400);
  });

  test("names no other in a path", async () => {
    const of = (model: string) => `/gemini/v1beta/models/${model}:generateContent`;
    expect(await ask(of("small-1"), "{}")).toBe(200);
    expect(await ask(of("large"), "{}")).toBe(403);
    expect(await ask(of("larg%65").replace(":", "%3A"), "{}")).toBe(403);
    expect(await ask(of("large"), small)).toBe(403);
    expect(await ask(of("large").replace("generateContent", "predict"), "{}")).toBe(403);
    const deployment = (name: string) => `/openai/openai/deployments/${name}/chat/completions`;
    expect(await ask(deployment("large"), small)).toBe(403);
    expect(await ask(deployment("small-1"), large)).toBe(403);
    expect(await ask(deployment("small-1"), small)).toBe(200);
  });

  test("runs no other in a form or a batch", async () => {
    const before = upstream.received.length;
    const form = "multipart/form-data; boundary=x";
    expect(await ask("/openai/v1/audio/transcriptions", "--x--", form)).toBe(400);
    expect(await ask("/openai/v1/images/edits", "--x--", form)).toBe(400);
    expect(await ask("/openai/v1/images/generations", '{"prompt":"p"}')).toBe(400);
    expect(await ask("/openai/v1/batches", '{"input_file_id":"f","model":"small-1"}')).toBe(400);
    expect(await ask("/claude/v1/messages/batches", '{"requests":[],"model":"small-1"}')).toBe(400);
    expect(upstream.received).toHaveLength(before);
    expect(await ask("/openai/v1/images/generations", '{"model":"small-1"}')).toBe(200);
    expect(await ask("/openai/v1/files", "--x--", form)).toBe(200);
  });
});

describe("the provider's credential", () => {
  test("is not asked back by TRACE", async () => {
    const before = upstream.received.length;
    expect(await statusOf(gateway.url, requestHead("TRACE", "/openai/x", KEY))).toBe(501);
    expect(upstream.received).toHaveLength(before);
  });
});

describe("a slot", () => {
  test("of an upstream whose name is no text is refused", async () => {
    for (const name of ['{"toString":1}', "null", "[]", `"${"x".repeat(1_000)}"`]) {
      expect(await ask("/sluice/v1/slots", `{"upstream":${name}}`)).toBe(400);
    }
  });
});

describe("a body that is nested deep", () => {
  const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

  test.each([1_000, 200_000])("%d levels are refused where it has to be read", async (levels) => {
    for (const model of ["openai/small-1", "alias"]) {
      const body = `{"model":"${model}","messages":${deep(levels)},"metadata":{"sluice_tags":"x"}}`;
      expect(await ask("/v1/chat/completions", body)).toBe(400);
    }
    expect(await ask("/sluice/v1/slots", `{"upstream":${deep(levels)}}`)).toBe(400);
  });

  test("passes where it need not be", async () => {
    expect(await ask("/plain/x", deep(1_000))).toBe(200);
  });
});

describe("a connection ends in time", () => {
  test.each([
    ["when its head never ends", "GET /plain/x HTTP/1.1\r\nhost: h\r\n", 408],
    ["when nothing is asked", "", 408],
    [
      "when an answered request never ends",
      "POST /health/live HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nab",
      200,
    ],
    [
      "when a refused request never ends",
      "POST /metrics HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nab",
      501,
    ],
    [
      "when an upload never ends",
      `POST /plain/x HTTP/1.1\r\nhost: h\r\n${KEY}\r\ncontent-type: a/b\r\ncontent-length: 9\r\n\r\nab`,
      408,
    ],
  ])("%s", async (_, head, status) => {
    expect(await statusOf(gateway.url, head)).toBe(status);
  });

  test("but not while an answered request has nothing more to send", async () => {
    using raw = await openRaw(gateway.url, "GET /health/live HTTP/1.1\r\nhost: h\r\n\r\n");
    while (!raw.text.includes("ok")) await pause(5);
    expect(raw.text).not.toMatch(/connection: close/i);
    raw.socket.write("GET /metrics HTTP/1.1\r\nhost: h\r\n\r\n");
    while (!raw.text.includes("501")) await pause(5);
    expect(raw.text).not.toMatch(/connection: close/i);
  });

  test("when its client does not read the answer", async () => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname).pause();
    socket.on("error", () => {});
    socket.write(requestHead("GET", "/plain/large", KEY));
    await pause(2_500);
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    let size = 0;
    socket.on("data", (chunk) => {
      size += chunk.length;
    });
    socket.resume();
    await closed;
    expect(size).toBeLessThan(8_000_000);
  });
});

describe("a client that fails", () => {
  const upload = `${requestHead("POST", "/plain/x", KEY, "content-type: a/b", "transfer-encoding: chunked")}5\r\nabcde\r\n`;
  const read = requestHead("GET", "/plain/large", KEY);
  const ways: readonly (readonly [string, string, (socket: Socket) => void])[] = [
    ["leaves while it sends", upload, (socket) => socket.destroy()],
    ["sends what is no chunk", upload, (socket) => socket.write("zz\r\n")],
    ["never sends the rest", upload, () => {}],
    ["does not read the answer", read, (socket) => socket.pause()],
  ];

  test.each(ways)("takes its upstream away from nobody when it %s", async (_, bytes, act) => {
    const { runtime } = gateway;
    const account = runtime.upstreams.get("plain")?.shared;
    for (let i = 0; i < 4; i++) {
      const before = upstream.received.length;
      using raw = await openRaw(gateway.url, bytes);
      await until(() => upstream.received.length > before, "it is under way");
      act(raw.socket);
      // Its one slot is free again once the call is over.
      await until(() => runtime.load.running === 0, "the call is over");
    }
    expect(account?.breakerOf(null).kind).toBe("closed");
    expect(await ask("/plain/x", "{}")).toBe(200);
  });
});
