import { once } from "node:events";
import http from "node:http";
import { connect } from "node:net";
import { text as readText } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../index.ts";

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "openai", latency: INSTANT, ...options });
}

function post(
  mock: MockServer,
  path: string,
  body: unknown,
  init: RequestInit = {},
): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(mock.url + path, { method: "POST", body: text, ...init });
}

function chat(mock: MockServer, body: object = {}, init: RequestInit = {}): Promise<Response> {
  const messages = [{ role: "user", content: "12345678" }]; // 2 tokens
  return post(mock, "/v1/chat/completions", { model: "gpt-5", messages, ...body }, init);
}

describe("what is not understood", () => {
  test.each([
    {
      dialect: "openai" as const,
      path: "/v1/nope",
      status: 404,
      text: "Invalid URL (POST /v1/nope)",
    },
    { dialect: "anthropic" as const, path: "/v1/nope", status: 404, text: "not_found_error" },
    {
      dialect: "openai" as const,
      path: "/v1/models",
      status: 405,
      text: "Not allowed to POST on /v1/models",
    },
    { dialect: "anthropic" as const, path: "/v1/models", status: 405, text: "Method Not Allowed" },
    {
      dialect: "openai" as const,
      path: "/v1/chat/completions",
      status: 400,
      text: "could not parse the JSON",
    },
    { dialect: "anthropic" as const, path: "/v1/messages", status: 400, text: "not valid JSON" },
  ])("$dialect answers $status to POST $path", async ({ dialect, path, status, text }) => {
    await using mock = await start({ dialect });
    const response = await post(mock, path, '{"model": ');
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(text);
  });

  test.each([
    { dialect: "openai" as const, path: "/v1/embeddings", text: "request_too_large" },
    {
      dialect: "anthropic" as const,
      path: "/v1/messages",
      text: "Request exceeds the maximum size",
    },
  ])("$dialect refuses a body beyond 32 MiB", async ({ dialect, path, text }) => {
    await using mock = await start({ dialect });
    const announced = { "content-length": String(32 * 1_024 * 1_024 + 1) };
    const request = http.request(mock.url + path, { method: "POST", headers: announced });
    request.flushHeaders();
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    expect(response.statusCode).toBe(413);
    expect(await readText(response)).toContain(text);
    request.destroy();
  });

  test("garbage never ends the server", async () => {
    await using mock = await start({ limits: { rpm: 1_000_000 } });
    const deep = "[".repeat(50_000) + "]".repeat(50_000);
    const bodies = [
      "",
      "null",
      "5",
      "[]",
      "{}",
      '"x"',
      '{"model":5}',
      '{"__proto__":{}}',
      "\u0000\uffff",
      `{"model":"m","messages":${deep}}`,
      `{"model":"m","messages":[1],"tools":${deep}}`,
      '{"model":"__proto__","messages":[null,5,{"content":{"text":{}}}]}',
      '{"model":"m","input":{"a":1},"dimensions":-1}',
      '{"model":"m","input":[[[]]],"metadata":[]}',
    ];
    for (const path of [
      "/v1/chat/completions",
      "/v1/responses",
      "/v1/embeddings",
      "/v1/models/%zz",
    ]) {
      for (const body of bodies) await (await post(mock, path, body)).text();
    }
    for (const path of ["/limits", "/faults", "/nope"]) {
      for (const body of bodies) await (await post(mock, `/__mock${path}`, body)).text();
    }
    await new Promise<void>((resolve) => {
      const socket = connect(mock.port, "127.0.0.1", () => socket.end("GARBAGE\r\n\r\n"));
      socket.on("close", () => resolve());
      socket.resume();
    });
    expect((await chat(mock)).status).toBe(200);
    expect(mock.stats().inFlight.now).toBe(0);
  });
});
