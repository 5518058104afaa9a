/** Pass-through: methods, statuses and answers of any size pass as they are. */
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pause, until } from "../support/gateway.ts";
import { answerEmpty, MIB, type Pair, startPair } from "../support/gateway-pair.ts";
import { requestHead, statusOf } from "../support/gateway-socket.ts";
import { answerJson, answerStream, chatEvent } from "../support/gateway-upstream.ts";

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
});

afterAll(() => pair[Symbol.asyncDispose]());

describe("methods and statuses", () => {
  test.each(["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])(
    "%s passes",
    async (method) => {
      pair.answer = answerEmpty;
      expect(await statusOf(pair.gateway.url, requestHead(method, "/bare/x"))).toBe(200);
      expect(pair.upstream.received.at(-1)?.method).toBe(method);
    },
  );

  test("HEAD has the length and no body", async () => {
    pair.answer = (response) => {
      response.writeHead(200, { "content-length": "12345", etag: '"x"' });
      response.end();
    };
    const found = await fetch(`${pair.gateway.url}/bare/x`, { method: "HEAD" });
    expect(found.headers.get("content-length")).toBe("12345");
    expect(found.headers.get("etag")).toBe('"x"');
    expect(await found.text()).toBe("");
    const refused = await fetch(`${pair.gateway.url}/nobody/x`, { method: "HEAD" });
    expect(refused.status).toBe(404);
    expect(await (await fetch(`${pair.gateway.url}/health/live`, { method: "HEAD" })).text()).toBe(
      "",
    );
  });

  test.each([204, 205, 304])("%i has no body and ends", async (status) => {
    pair.answer = (response) => void response.writeHead(status, { etag: '"x"' }).end();
    const found = await fetch(`${pair.gateway.url}/bare/x`);
    expect(found.status).toBe(status);
    expect(await found.text()).toBe("");
  });

  test("a redirect is the client's affair", async () => {
    pair.answer = (response) =>
      void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
    const found = await fetch(`${pair.gateway.url}/bare/x`, { redirect: "manual" });
    expect(found.status).toBe(302);
    expect(found.headers.get("location")).toBe("http://127.0.0.1:1/");
  });

  test("hints on the way (1xx) do not take the answer's place", async () => {
    pair.answer = (response) => {
      response.writeEarlyHints({ link: "</x>; rel=preload" });
      answerJson(response, 201, { made: true });
    };
    const found = await fetch(`${pair.gateway.url}/bare/x`);
    expect(found.status).toBe(201);
    expect(await found.json()).toEqual({ made: true });
  });

  test("an error's body passes whole, however large", async () => {
    for (const size of [10, 3 * MIB]) {
      const text = "e".repeat(size);
      pair.answer = (response) => answerJson(response, 422, text);
      const found = await fetch(`${pair.gateway.url}/bare/x`);
      expect(found.status).toBe(422);
      expect(await found.json()).toBe(text);
    }
  });

  test("a compressed answer passes as it is", async () => {
    const packed = gzipSync("hello");
    pair.answer = (response) => {
      response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length });
      response.end(packed);
    };
    const found = await fetch(`${pair.gateway.url}/bare/x`);
    expect(await found.text()).toBe("hello");
  });

  test("a compressed stream is not held back, though its events cannot be read", async () => {
    let running: ServerResponse | undefined;
    pair.answer = (response) => {
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

/** A reader that takes no more than it is asked to. */
async function rawGet(path: string) {
  const request = httpRequest(pair.gateway.url + path, { agent: false });
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
  pair.answer = async (response) => {
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
  await until(() => pair.upstream.received.at(-1)?.wasAborted === true, "the upstream is cut off");
});

test("20 MB arrive whole", async () => {
  const bytes = Buffer.alloc(20_000_000, "abcdefghij");
  pair.answer = (response) => void response.writeHead(200).end(bytes);
  const found = await fetch(`${pair.gateway.url}/bare/large`);
  expect(Buffer.compare(Buffer.from(await found.arrayBuffer()), bytes)).toBe(0);
});
