/** The boundary: what is said to Sluice stays here, what the provider says of its budget does too. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  chat,
  EXACT,
  message,
  post,
  startTestGateway,
  type TestGateway,
  until,
} from "../support/gateway.ts";
import { openRaw } from "../support/gateway-socket.ts";
import { answerJson, startUpstream, type TestUpstream } from "../support/gateway-upstream.ts";

const PROVIDER_HEADERS = {
  "x-ratelimit-limit-requests": "99999",
  "x-ratelimit-remaining-tokens-usage-based": "1",
  "ratelimit-policy": "a;q=1",
  "RateLimit-Remaining": "5",
  "x-rate-limit-reset": "9",
  "anthropic-ratelimit-unified-status": "allowed",
  "anthropic-priority-input-tokens-limit": "7",
  "x-sluice-upstream": "forged",
  "x-sluice-new": "forged",
  "x-request-id": "req_1",
  "set-cookie": "a=1",
  "openai-processing-ms": "4",
  connection: "x-hop",
  "x-hop": "1",
};

let upstream: TestUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startUpstream((response, { url }) => {
    const status = url.includes("fail") ? 404 : 200;
    answerJson(response, status, { id: 1 }, PROVIDER_HEADERS);
  });
  const limits = [{ rpm: 600, tpm: 60_000, max_parallel_requests: 9 }];
  gateway = await startTestGateway({
    policy: EXACT,
    upstreams: {
      openai: { dialect: "openai", base_url: `${upstream.url}/v1`, api_key: "k", limits },
      claude: {
        dialect: "anthropic",
        base_url: upstream.url,
        api_key: "k",
        limits: [
          { rpm: 600, itpm: 6_000, otpm: 600 },
          { model: "small-*", otpm: 300 },
        ],
      },
      plain: {
        dialect: "generic",
        base_url: upstream.url,
        headers: { "X-Added": "yes" },
        limits: [{ rpm: 600 }],
      },
    },
  });
});

afterAll(async () => {
  await gateway.close();
  await upstream[Symbol.asyncDispose]();
});

function last() {
  const received = upstream.received.at(-1);
  if (!received) throw new Error("nothing was received");
  return received;
}

/** A claim in every place where one can stand. */
const CLAIMS = {
  "x-sluice-task-type": "chat",
  "x-sluice-latency": "batch",
  "x-sluice-max-wait-ms": "1000",
  "x-sluice-deadline-ms": "60000",
  "x-sluice-fallback": "none",
  "x-sluice-chain": "c1;step=2;depth=1",
  "x-sluice-min-quality": "0.5",
  "x-sluice-trim": "fit;pin=0",
  "x-sluice-tags": "a,b",
  "x-sluice-tenant": "someone",
  "X-Sluice-Anything-Else": "1",
  baggage: "userId=alice;p=1, sluice.task=chat,sluice.latency=batch;x=y , other=%20",
};

describe("towards the upstream", () => {
  test.each(["/v1/chat/completions", "/openai/v1/chat/completions", "/plain/things"])(
    "nothing of Sluice travels on through %s, and all else does",
    async (path) => {
      const metadata = { sluice_task_type: "chat", sluice_tags: "x", mine: "kept" };
      const headers = { ...CLAIMS, "x-client": "kept", "user-agent": "mine/1" };
      const answer = await post(gateway.url + path, chat({ metadata }), { headers });
      expect(answer.status).toBe(200);
      const received = last();
      expect(JSON.stringify(received.headers)).not.toContain("sluice");
      expect(received.headers.baggage).toBe("userId=alice;p=1, other=%20");
      expect(received.headers).toMatchObject({ "x-client": "kept", "user-agent": "mine/1" });
      expect(JSON.parse(String(received.body))).toEqual(chat({ metadata: { mine: "kept" } }));
    },
  );

  test("whatever the capitals in the name of JSON", async () => {
    await post(
      `${gateway.url}/plain/things`,
      { metadata: { sluice_tags: "x" } },
      {
        headers: { "content-type": "Application/JSON; charset=utf-8" },
      },
    );
    expect(String(last().body)).toBe("{}");
  });

  test("metadata and baggage that held nothing else are left out", async () => {
    const metadata = { sluice_latency: "batch" };
    const headers = { baggage: "sluice.latency=batch" };
    await post(`${gateway.url}/v1/chat/completions`, chat({ metadata }), { headers });
    expect(JSON.parse(String(last().body))).toEqual(chat());
    expect(last().headers).not.toHaveProperty("baggage");
  });

  test("what speaks of the client's connection ends here", async () => {
    const body = JSON.stringify(chat());
    using raw = await openRaw(
      gateway.url,
      [
        "POST /v1/chat/completions HTTP/1.1",
        "host: client-said.example",
        "connection: close, x-mine, content-type",
        "x-mine: 1",
        "keep-alive: timeout=9",
        "proxy-authorization: Basic eDp5",
        "te: trailers",
        "trailer: x-late",
        "expect: 100-continue",
        `content-length: ${body.length}`,
        "",
        body,
      ].join("\r\n"),
    );
    await raw.closed;
    expect(raw.text).toContain("HTTP/1.1 200 OK");
    const { headers } = last();
    expect(headers.host).toBe(new URL(upstream.url).host);
    for (const name of ["x-mine", "keep-alive", "proxy-authorization", "te", "trailer", "expect"]) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  test("the configured headers are added, and what is read is not compressed", async () => {
    await post(`${gateway.url}/plain/x`, {}, { headers: { "accept-encoding": "br, gzip" } });
    expect(last().headers).toMatchObject({ "x-added": "yes", "accept-encoding": "identity" });
    await fetch(`${gateway.url}/plain/x`, { headers: { "accept-encoding": "br, gzip" } });
    expect(last().headers["accept-encoding"]).toBe("br, gzip");
  });

  test("names and values of any characters do no harm", async () => {
    for (const model of ["模型", "a\r\nx-forged: 1", "é".repeat(250), " ", "\u0000"]) {
      const answer = await post(`${gateway.url}/v1/chat/completions`, chat({ model }));
      expect(answer.status).toBe(200);
      expect(answer.headers.has("x-forged")).toBe(false);
      expect(JSON.parse(String(last().body)).model).toBe(model);
      const refused = await post(
        `${gateway.url}/v1/chat/completions`,
        chat({ model, max_tokens: 1e6 }),
      );
      expect(refused.status).toBe(413);
    }
    const tooLong = await post(
      `${gateway.url}/v1/chat/completions`,
      chat({ model: "x".repeat(257) }),
    );
    expect(tooLong.status).toBe(400);
    using raw = await openRaw(
      gateway.url,
      "GET /plain/x HTTP/1.1\r\nhost: h\r\nx-latin: caf\xe9\r\nconnection: close\r\n\r\n",
    );
    await raw.closed;
    expect(raw.text).toContain("HTTP/1.1 200 OK");
    expect(last().headers["x-latin"]).toBe("caf\xe9");
  });
});

describe("towards the client", () => {
  test.each(["/v1/chat/completions", "/plain/fail"])(
    "the provider's rate headers and forged ones stay inside: %s",
    async (path) => {
      const { headers } = await post(gateway.url + path, chat());
      for (const name of Object.keys(PROVIDER_HEADERS).slice(1, 7)) {
        expect(headers.has(name)).toBe(false);
      }
      expect(headers.get("x-ratelimit-limit-requests")).not.toBe("99999");
      expect(headers.get("x-sluice-upstream")).not.toBe("forged");
      expect(headers.has("x-sluice-new")).toBe(false);
      expect(headers.has("x-hop")).toBe(false);
      expect(headers.get("x-request-id")).toBe("req_1");
      expect(headers.get("set-cookie")).toBe("a=1");
      expect(headers.get("openai-processing-ms")).toBe("4");
    },
  );

  test("an answer says what Sluice did for it", async () => {
    const { headers } = await post(`${gateway.url}/v1/chat/completions`, chat());
    const own = [...headers].filter(([name]) => name.startsWith("x-sluice-"));
    expect(Object.fromEntries(own)).toEqual({
      "x-sluice-request-id": expect.stringMatching(/^slc_[0-9a-f]{16,}$/),
      "x-sluice-upstream": "openai",
      "x-sluice-model": "gpt-5",
      "x-sluice-attempts": "1",
      "x-sluice-fallback": "none",
      "x-sluice-wait-ms": expect.stringMatching(/^\d+(\.\d+)?$/),
      "x-sluice-overhead-ms": expect.stringMatching(/^\d+(\.\d+)?$/),
      "x-sluice-pressure": expect.stringMatching(/^[01]\.\d\d$/),
    });
    const second = await post(`${gateway.url}/v1/chat/completions`, chat());
    expect(second.headers.get("x-sluice-request-id")).not.toBe(headers.get("x-sluice-request-id"));
  });

  test("OpenAI's clients read the limits that bind them in OpenAI's form", async () => {
    const { headers } = await post(
      `${gateway.url}/v1/chat/completions`,
      chat({ max_tokens: 6_000 }),
    );
    const rates = [...headers].filter(([name]) => name.startsWith("x-ratelimit-"));
    expect(Object.fromEntries(rates)).toEqual({
      "x-ratelimit-limit-requests": "600",
      "x-ratelimit-remaining-requests": expect.stringMatching(/^5\d\d$/),
      "x-ratelimit-reset-requests": expect.stringMatching(/^\d+(\.\d+)?m?s$/),
      "x-ratelimit-limit-tokens": "60000",
      "x-ratelimit-remaining-tokens": expect.stringMatching(/^5[34]\d\d\d$/),
      "x-ratelimit-reset-tokens": expect.stringMatching(/^\d+(\.\d+)?s$/),
    });
  });

  test("Anthropic's clients in Anthropic's, of each dimension the limit that binds", async () => {
    const body = message({ model: "small-1", max_tokens: 200 });
    const { headers } = await post(`${gateway.url}/v1/messages`, body);
    const rates = [...headers].filter(([name]) => name.startsWith("anthropic-ratelimit-"));
    expect(Object.fromEntries(rates)).toMatchObject({
      "anthropic-ratelimit-requests-limit": "600",
      "anthropic-ratelimit-requests-reset": expect.stringMatching(/^20\d\d-[\d-]+T[\d:]+Z$/),
      "anthropic-ratelimit-input-tokens-limit": "6000",
      // After 200 of 300 this one has less left of it than 200 of 600.
      "anthropic-ratelimit-output-tokens-limit": "300",
      "anthropic-ratelimit-output-tokens-remaining": expect.stringMatching(/^1\d\d$/),
    });
  });

  test("a header in bytes that are no ASCII passes", async () => {
    await using foreign = await startUpstream((response) => {
      response.socket?.end(
        Buffer.from(
          "HTTP/1.1 200 OK\r\nx-name: caf\xe9 \u{1f600}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
        ),
      );
    });
    await using one = await startTestGateway({
      upstreams: { it: { dialect: "generic", base_url: foreign.url } },
    });
    const answer = await fetch(`${one.url}/it/x`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("ok");
  });

  test("overhead is neither the wait nor the provider's time, over all attempts", async () => {
    let calls = 0;
    await using slow = await startUpstream((response) => {
      calls++;
      setTimeout(() => answerJson(response, calls < 3 ? 500 : 200, {}), 700);
    });
    await using one = await startTestGateway({
      retry: { base: "10ms" },
      upstreams: { it: { dialect: "openai", base_url: slow.url, api_key: "k" } },
    });
    const { headers } = await post(`${one.url}/v1/chat/completions`, chat());
    expect(headers.get("x-sluice-attempts")).toBe("3");
    expect(Number(headers.get("x-sluice-wait-ms"))).toBeGreaterThanOrEqual(10);
    expect(Number(headers.get("x-sluice-wait-ms"))).toBeLessThan(600);
    expect(Number(headers.get("x-sluice-overhead-ms"))).toBeLessThan(600);
  });
});

test("a claim that cannot be read is named, with what is allowed", async () => {
  const wrong: [string, string][] = [
    ["x-sluice-latency", "soon"],
    ["x-sluice-max-wait-ms", "-1"],
    ["x-sluice-max-wait-ms", "1s"],
    ["x-sluice-deadline-ms", "NaN"],
    ["x-sluice-fallback", "cached,pray"],
    ["x-sluice-chain", "a b"],
    ["x-sluice-min-quality", "2"],
  ];
  for (const [name, value] of wrong) {
    const answer = await post(`${gateway.url}/v1/chat/completions`, chat(), {
      headers: { [name]: value },
    });
    expect(answer.status).toBe(400);
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe("invalid_request");
    expect(error.message).toContain(`${name}: found ${JSON.stringify(value)}`);
  }
});

test("claims are taken from headers before metadata before baggage", async () => {
  const silent = await startUpstream(() => {});
  const one = await startTestGateway({
    upstreams: {
      it: {
        dialect: "openai",
        base_url: silent.url,
        api_key: "k",
        limits: [{ max_parallel_requests: 1 }],
      },
    },
    task_types: { nightly: { latency: "batch" } },
  });
  const abort = new AbortController();
  const { signal } = abort;
  const url = `${one.url}/v1/chat/completions`;
  const send = (headers: Record<string, string>, body: object = {}) =>
    post(url, chat(body), { headers, signal }).catch(() => {});
  const all = [send({})];
  await until(() => silent.received.length === 1, "the first one runs");
  const latencies = async () => {
    const { queue } = await one.state();
    const waiting = queue.bands.filter((band) => band.waiting > 0);
    return Object.fromEntries(waiting.map((band) => [band.latency, band.waiting]));
  };
  const baggage = "sluice.latency=batch";
  const metadata = { sluice_latency: "near-real-time" };
  all.push(send({ baggage, "x-sluice-latency": "real-time" }, { metadata }));
  all.push(send({ baggage }, { metadata }));
  all.push(send({ baggage }));
  all.push(send({ "x-sluice-task-type": "nightly" }));
  all.push(send({ baggage: "sluice.task=nightly" }));
  await until(() => one.runtime.load.waiting === 5, "five wait");
  expect(await latencies()).toEqual({ "real-time": 1, "near-real-time": 1, batch: 3 });
  abort.abort();
  await Promise.all(all);
  await one.close();
  await silent[Symbol.asyncDispose]();
});
