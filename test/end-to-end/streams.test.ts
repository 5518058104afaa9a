/** Streams: each event at once, no faster than it is read, and cut off when nobody reads any more. */
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import {
  atRest,
  type ConfigObject,
  chat,
  message,
  pause,
  startTestGateway,
  until,
} from "../support/gateway.ts";
import { answerStream, chatEvent, startUpstream } from "../support/gateway-upstream.ts";

const DONE = "data: [DONE]\n\n";
const usageEvent = (usage: object) => `data: ${JSON.stringify({ choices: [], usage })}\n\n`;

/** An upstream whose stream the test writes by hand, and a gateway before it. */
async function start(
  dialect: "openai" | "anthropic" = "openai",
  headers: Record<string, string> = {},
) {
  const streams: ServerResponse[] = [];
  const upstream = await startUpstream((response) => {
    answerStream(response, headers);
    streams.push(response);
  });
  const limits: ConfigObject[] = [{ max_parallel_requests: 2 }];
  const gateway = await startTestGateway({
    upstreams: { it: { dialect, base_url: upstream.url, api_key: "k", limits } },
  });
  return {
    ...gateway,
    upstream,
    streams,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

/** A client that keeps what has come so far. */
function open(url: string, body: unknown) {
  const request = httpRequest(url, {
    method: "POST",
    agent: false,
    headers: { "content-type": "application/json" },
  });
  const client = { text: "", hasHead: false, hasEnded: false, request };
  request.on("error", () => {});
  request.on("response", (response: IncomingMessage) => {
    client.hasHead = true;
    response.on("data", (chunk: Buffer) => {
      client.text += chunk.toString();
    });
    response.on("end", () => {
      client.hasEnded = true;
    });
    response.on("error", () => {});
  });
  request.end(JSON.stringify(body));
  return client;
}

describe("events are passed on", () => {
  test("at once from the first content on; what comes before is held", async () => {
    await using gateway = await start();
    const options = { stream: true, stream_options: { include_usage: true } };
    const client = open(`${gateway.url}/v1/chat/completions`, chat(options));
    await until(() => gateway.streams.length === 1, "it is sent");
    const [stream] = gateway.streams;
    const opening = `: comment\n\n${chatEvent("")}`;
    stream.write(opening);
    await pause(50);
    expect(client.hasHead).toBe(false);
    let expected = opening;
    for (const content of ["one", "two", "three"]) {
      stream.write(chatEvent(content));
      expected += chatEvent(content);
      await until(
        () => client.text === expected,
        () => client.text,
      );
    }
    // Half an event passes as it comes; the client's parser waits for the rest.
    const [half, rest] = ["data: {", '"choices":[]}\n\n'];
    stream.write(half);
    await until(
      () => client.text === expected + half,
      () => client.text,
    );
    stream.end(rest + DONE);
    await until(() => client.hasEnded, "it ends");
    expect(client.text).toBe(expected + half + rest + DONE);
  });

  test("at once also where the usage event has to be taken out, however the chunks are cut", async () => {
    await using gateway = await start();
    const client = open(`${gateway.url}/v1/chat/completions`, chat({ stream: true }));
    await until(() => gateway.streams.length === 1, "it is sent");
    const [stream] = gateway.streams;
    stream.write(chatEvent("one"));
    await until(
      () => client.text === chatEvent("one"),
      () => client.text,
    );
    const usage = { prompt_tokens: 1, completion_tokens: 2 };
    const rest = chatEvent('"choices":[] "usage"') + usageEvent(usage) + DONE;
    for (let at = 0; at < rest.length; at += 7) {
      stream.write(rest.slice(at, at + 7));
      if (at % 5 === 0) await pause(0);
    }
    stream.end();
    await until(() => client.hasEnded, "it ends");
    expect(client.text).toBe(chatEvent("one") + chatEvent('"choices":[] "usage"') + DONE);
  });

  test("whole, if the provider has told a length that the missing event makes wrong", async () => {
    const text = chatEvent("one") + usageEvent({ prompt_tokens: 1, completion_tokens: 2 }) + DONE;
    await using gateway = await start("openai", { "content-length": String(text.length) });
    const client = open(`${gateway.url}/v1/chat/completions`, chat({ stream: true }));
    await until(() => gateway.streams.length === 1, "it is sent");
    gateway.streams[0].end(text);
    await until(() => client.hasEnded, "it ends", 2_000);
    expect(client.text).toBe(chatEvent("one") + DONE);
  });

  test("without content too, once the stream has ended", async () => {
    await using gateway = await start();
    const client = open(`${gateway.url}/v1/chat/completions`, chat({ stream: true }));
    await until(() => gateway.streams.length === 1, "it is sent");
    gateway.streams[0].end(`: nothing\n\n${DONE}`);
    await until(() => client.hasEnded, "it ends");
    expect(client.text).toBe(`: nothing\n\n${DONE}`);
  });

  test("from 64 KiB on even without content: what is held is bounded", async () => {
    await using gateway = await start();
    const client = open(`${gateway.url}/v1/chat/completions`, chat({ stream: true }));
    await until(() => gateway.streams.length === 1, "it is sent");
    const comment = `: ${"x".repeat(1_000)}\n\n`;
    gateway.streams[0].write(comment.repeat(60));
    await pause(50);
    expect(client.hasHead).toBe(false);
    gateway.streams[0].write(comment.repeat(10));
    await until(() => client.text === comment.repeat(70), "it has come");
  });
});

describe("a client that leaves", () => {
  test.each<["openai" | "anthropic", string, object]>([
    ["openai", "/v1/chat/completions", chat({ stream: true })],
    ["anthropic", "/v1/messages", message({ stream: true })],
  ])("%s: closes the upstream's connection and frees its slot", async (dialect, path, body) => {
    await using gateway = await start(dialect);
    const clients = [1, 2, 3].map(() => open(gateway.url + path, body));
    await until(() => gateway.streams.length === 2, "two are sent");
    await until(() => gateway.runtime.load.waiting === 1, "the third waits");
    const [first] = gateway.upstream.received;
    gateway.streams[0].write("data: {}\n\n");
    clients[0].request.destroy();
    clients[1].request.destroy();
    await until(() => first.wasAborted, "the upstream hears of it");
    await until(() => gateway.streams.length === 3, "the third is sent");
    clients[2].request.destroy();
    await until(() => gateway.upstream.received[2].wasAborted, "the upstream hears of it");
    await atRest(gateway);
    expect((await gateway.state()).upstreams.it.meters[0]).toMatchObject({ level: 2, reserved: 0 });
  });

  test("in the middle of an upload cuts the upload off", async () => {
    let seen = 0;
    await using upstream = await startUpstream(
      async (_response, _received, incoming) => {
        try {
          for await (const chunk of incoming) seen += chunk.length;
        } catch {
          seen = -1;
        }
      },
      { streamsBody: true },
    );
    await using gateway = await startTestGateway({
      upstreams: { it: { dialect: "openai", base_url: upstream.url, api_key: "k" } },
    });
    const upload = httpRequest(`${gateway.url}/v1/files`, {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=b", "content-length": 1_000_000 },
    });
    upload.on("error", () => {});
    upload.write(Buffer.alloc(1_000));
    await until(() => seen === 1_000, "the beginning has arrived");
    upload.destroy();
    await until(() => seen === -1, "the upstream hears of it");
    await atRest(gateway);
  });
});

test("a stream is read from upstream only as fast as the client reads it", async () => {
  await using gateway = await start();
  const request = httpRequest(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    agent: false,
    headers: { "content-type": "application/json" },
  });
  const response = await new Promise<IncomingMessage>((resolve) => {
    request.on("error", () => {});
    request.once("response", resolve);
    request.end(JSON.stringify(chat({ stream: true })));
    void until(() => gateway.streams.length === 1, "it is sent").then(() =>
      gateway.streams[0].write(chatEvent("one")),
    );
  });
  response.on("error", () => {});
  const [stream] = gateway.streams;
  const event = chatEvent("x".repeat(1_000_000));
  let sent = 0;
  let isFull = false;
  while (!isFull && sent < 200) {
    if (!stream.write(event)) {
      const drained = new Promise((resolve) => stream.once("drain", () => resolve(true)));
      isFull = !(await Promise.race([drained, pause(500)]));
    }
    sent++;
  }
  // Two hundred megabytes were on offer; what is on the way lies in the sockets' buffers.
  expect(sent).toBeLessThan(100);
  const drained = new Promise((resolve) => stream.once("drain", resolve));
  response.resume();
  await drained;
  request.destroy();
  await atRest(gateway);
});
