/** The library: a fetch for the SDKs, tasks that follow asynchronous work, slots for everything else. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI, { RateLimitError } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSluice, type Sluice, SluiceError, type SluiceOptions } from "../../src/index.ts";
import { INSTANT, type MockServer, startMock } from "../../src/mock/index.ts";
import { atRest, chat, EXACT, pause, until } from "../support/gateway.ts";
import { answerStream, chatEvent, startUpstream } from "../support/gateway-upstream.ts";

const MESSAGES = [{ role: "user" as const, content: "Hello" }];

let openaiMock: MockServer;
let anthropicMock: MockServer;

beforeAll(async () => {
  openaiMock = await startMock({ dialect: "openai", latency: INSTANT });
  anthropicMock = await startMock({ dialect: "anthropic", latency: INSTANT });
});

afterAll(async () => {
  await openaiMock.close();
  await anthropicMock.close();
});

async function start(
  limits: readonly object[] = [{ rpm: 10_000 }],
  options: Partial<SluiceOptions> = {},
): Promise<Sluice & AsyncDisposable> {
  const sluice = await createSluice({
    config: {
      policy: EXACT,
      tiers: { first: { max_wait: "30s" }, second: { max_wait: "30s" } },
      defaults: { tier: "second" },
      tenants: { acme: { tier: "first", models: ["gpt-5"] }, big: { tier: "first" } },
      upstreams: {
        openai: { dialect: "openai", base_url: `${openaiMock.url}/v1`, limits },
        claude: { dialect: "anthropic", base_url: anthropicMock.url, limits },
      },
    },
    ...options,
  });
  return { ...sluice, [Symbol.asyncDispose]: () => sluice.close() };
}

function openaiOf(sluice: Sluice): OpenAI {
  const baseURL = `${openaiMock.url}/v1`;
  return new OpenAI({ baseURL, apiKey: "sk-mine", fetch: sluice.fetch, maxRetries: 0 });
}

const errorOf = (promise: Promise<unknown>) => promise.then(() => null).catch((error) => error);

describe("fetch", () => {
  test("serves OpenAI's SDK: whole, streamed, embeddings, models", async () => {
    await using sluice = await start();
    const openai = openaiOf(sluice);
    const whole = await openai.chat.completions.create({ model: "gpt-5", messages: MESSAGES });
    expect(whole.choices[0].message.content).not.toBe("");
    const stream = openai.chat.completions.stream({ model: "gpt-5", messages: MESSAGES });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0].message.content).not.toBe("");
    const embedded = await openai.embeddings.create({ model: "e", input: "x", dimensions: 4 });
    expect(embedded.data).toHaveLength(1);
    expect((await openai.models.list()).data.length).toBeGreaterThan(0);
    expect(openaiMock.requests().at(-1)?.headers.authorization).toBe("Bearer sk-mine");
  });

  test("serves Anthropic's SDK: whole, streamed, counted", async () => {
    await using sluice = await start();
    const anthropic = new Anthropic({
      baseURL: anthropicMock.url,
      apiKey: "sk-mine",
      fetch: sluice.fetch,
      maxRetries: 0,
    });
    const request = { model: "claude-sonnet-5", max_tokens: 20, messages: MESSAGES };
    expect((await anthropic.messages.create(request)).content).toHaveLength(1);
    const final = await anthropic.messages.stream(request).finalMessage();
    expect(final.usage.output_tokens).toBeGreaterThan(0);
    const { model, messages } = request;
    expect((await anthropic.messages.countTokens({ model, messages })).input_tokens).toBe(2);
  });

  test("answers with refusals, so that SDKs type them", async () => {
    await using sluice = await start([{ rpm: 1 }], { initialLevel: 0 });
    const task = { maxWaitMs: 10 };
    const call = () =>
      openaiOf(sluice).chat.completions.create({ model: "gpt-5", messages: MESSAGES });
    const error = await errorOf(sluice.task(task, call));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ status: 429, code: "max_wait_exceeded" });
    const waitMs = Number(error.headers.get("retry-after-ms"));
    expect(waitMs).toBeGreaterThan(55_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
  });

  test("tells a refused task apart by status: 403, 413, 400", async () => {
    await using sluice = await start([{ rpm: 10, tpm: 100 }]);
    const url = `${openaiMock.url}/v1/chat/completions`;
    const send = (body: object, headers: Record<string, string> = {}) =>
      sluice.fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(chat(body)),
      });
    const forbidden = await sluice.task({ tenant: "acme" }, () => send({ model: "gpt-4" }));
    expect(forbidden.status).toBe(403);
    expect((await send({ max_tokens: 101 })).status).toBe(413);
    const invalid = await send({}, { "x-sluice-deadline-ms": "soon" });
    expect(invalid.status).toBe(400);
    expect(await invalid.json()).toMatchObject({ error: { code: "invalid_request" } });
  });

  test("rejects hosts that no upstream covers, or lets them through if told to", async () => {
    await using other = await startUpstream();
    await using strict = await start();
    const error = await errorOf(strict.fetch(`${other.url}/x`));
    expect(SluiceError.isInstance(error)).toBe(true);
    expect(error.message).toContain(other.url);
    expect(other.received).toHaveLength(0);
    await using open = await start([{ rpm: 1 }], { unmatched: "pass" });
    const answer = await open.fetch(`${other.url}/x?y=1`, { method: "PUT", body: "z" });
    expect(answer.status).toBe(200);
    expect(other.received[0]).toMatchObject({ method: "PUT", url: "/x?y=1" });
    expect(other.received[0].body.toString()).toBe("z");
  });

  test("matches the longest base URL, at the border of a path's part", async () => {
    await using upstream = await startUpstream();
    const sluice = await createSluice({
      config: {
        upstreams: {
          deep: { dialect: "generic", base_url: `${upstream.url}/a/b`, api_key: "sk-deep" },
          all: { dialect: "generic", base_url: `${upstream.url}/a` },
        },
      },
    });
    const keys = async (path: string) => {
      const before = upstream.received.length;
      const answer = await sluice.fetch(upstream.url + path).catch(() => null);
      if (answer === null) return "rejected";
      expect(upstream.received[before].url).toBe(path);
      return upstream.received[before].headers.authorization ?? "none";
    };
    expect(await keys("/a/b/c?d")).toBe("Bearer sk-deep");
    expect(await keys("/a/b")).toBe("Bearer sk-deep");
    expect(await keys("/a/bc")).toBe("none");
    expect(await keys("/a?b")).toBe("none");
    expect(await keys("/ab")).toBe("rejected");
    await sluice.close();
  });

  test("a base URL covers its host however it is written", async () => {
    const seen: string[] = [];
    const sluice = await createSluice({
      config: {
        upstreams: { it: { dialect: "openai", base_url: "https://API.Example.com:443/v1" } },
      },
      fetch: async (input) => {
        seen.push(String(input));
        return Response.json({});
      },
    });
    await sluice.fetch("https://api.example.com/v1/models");
    expect(seen).toEqual(["https://api.example.com/v1/models"]);
    await sluice.close();
  });
});

describe("task", () => {
  test("follows asynchronous work; inner tasks inherit what they do not say", async () => {
    await using sluice = await start();
    const statusAs = async (model: string) => {
      await pause(1);
      const call = openaiOf(sluice).chat.completions.create({ model, messages: MESSAGES });
      return await call.then(
        () => 200,
        ({ status }) => status,
      );
    };
    const inside = sluice.task({ tenant: "acme" }, async () => {
      await pause(1);
      return await Promise.all([
        statusAs("gpt-4"),
        sluice.task({ maxWaitMs: 60_000 }, () => statusAs("gpt-4")),
        sluice.task({ tenant: "big" }, () => statusAs("gpt-4")),
        statusAs("gpt-5"),
      ]);
    });
    expect(await statusAs("gpt-4")).toBe(200);
    expect(await inside).toEqual([403, 403, 200, 200]);
  });

  test("decides who is served first, by the tier of its tenant", async () => {
    await using sluice = await start([{ max_parallel_requests: 1 }]);
    const holder = await sluice.acquire({ upstream: "openai" });
    const order: string[] = [];
    const take = async (name: string, tenant: string) => {
      const slot = await sluice.task({ tenant }, async () => {
        await pause(1);
        return await sluice.acquire({ upstream: "openai" });
      });
      order.push(name);
      slot.release();
    };
    const all = [take("other", "someone"), take("first", "big")];
    await until(() => sluice.runtime.load.waiting === 2, "both wait");
    holder.release();
    await Promise.all(all);
    expect(order).toEqual(["first", "other"]);
  });

  test("headers of one call are more specific than the task around it", async () => {
    await using sluice = await start([{ rpm: 1 }], { initialLevel: 0 });
    const url = `${openaiMock.url}/v1/models`;
    const headers = { "x-sluice-max-wait-ms": "1" };
    const startedAt = performance.now();
    const answer = await sluice.task({ maxWaitMs: 60_000 }, () => sluice.fetch(url, { headers }));
    expect(answer.status).toBe(429);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test("what cannot be is said at once", async () => {
    await using sluice = await start();
    expect(() => sluice.task({ maxWaitMs: -1 }, () => {})).toThrow("task.maxWaitMs: found -1");
    expect(() => sluice.task({ latency: "soon" as never }, () => {})).toThrow('found "soon"');
  });
});

describe("acquire", () => {
  test("settles with what was used, releases with nothing used, each once", async () => {
    await using sluice = await start([{ rpm: 100, otpm: 1_000 }]);
    const levels = () => {
      const meters = sluice.runtime.upstreams.get("claude")?.shared.meters ?? [];
      return meters.map((meter) => Math.round(meter.level(sluice.runtime.clock.now()) / 1e6));
    };
    const demand = { inputTokens: 10, outputTokens: 400 };
    const used = await sluice.acquire({ upstream: "claude", demand });
    expect(levels()).toEqual([99, expect.closeTo(600, -1.5)]);
    used.settle({ status: 200, usage: { inputTokens: 10, outputTokens: 100 } });
    used.settle();
    used.release();
    const [requests, tokens] = levels();
    expect([requests, tokens]).toEqual([99, expect.closeTo(900, -1.5)]);
    const unused = await sluice.acquire({ upstream: "claude", demand });
    unused.release();
    unused.release();
    expect(levels()).toEqual([expect.closeTo(requests, -0.5), expect.closeTo(tokens, -1.5)]);
    expect(sluice.runtime.load.running).toBe(0);
  });

  test("throws typed errors: too large, no such upstream, not allowed, no such amount", async () => {
    await using sluice = await start([{ rpm: 2 }]);
    const refusal = async (options: object) => {
      const error = await errorOf(sluice.acquire({ upstream: "openai", ...options }));
      expect(SluiceError.isInstance(error)).toBe(true);
      return error.code;
    };
    expect(await refusal({ demand: { requests: 3 } })).toBe("demand_exceeds_limit");
    expect(await refusal({ upstream: "nobody" })).toBe("not_found");
    expect(await refusal({ demand: { requests: -1 } })).toBe("invalid_request");
    expect(await refusal({ tenant: "acme", model: "gpt-4" })).toBe("forbidden");
    const units = { records: Number.NaN };
    expect(await refusal({ demand: { units } })).toBe("invalid_request");
  });
});

describe("abort", () => {
  test("in the queue: the promise rejects with the reason, nothing is sent, all is free", async () => {
    await using sluice = await start([{ max_parallel_requests: 1 }]);
    const holder = await sluice.acquire({ upstream: "openai" });
    const abort = new AbortController();
    const queued = errorOf(sluice.acquire({ upstream: "openai", signal: abort.signal }));
    await until(() => sluice.runtime.load.waiting === 1, "it waits");
    abort.abort(new Error("changed my mind"));
    expect((await queued).message).toBe("changed my mind");
    expect(sluice.runtime.load.waiting).toBe(0);
    holder.release();
    await atRest(sluice);
    await expect(sluice.acquire({ upstream: "openai", signal: abort.signal })).rejects.toThrow(
      "changed my mind",
    );
  });

  test("of a queued fetch and of one in flight frees the slot and closes the connection", async () => {
    await using upstream = await startUpstream((response) => {
      answerStream(response);
      response.write(chatEvent("one"));
    });
    const limits = [{ max_parallel_requests: 1 }];
    const sluice = await createSluice({
      config: {
        upstreams: { it: { dialect: "openai", base_url: upstream.url, api_key: "k", limits } },
      },
    });
    const abort = [new AbortController(), new AbortController()];
    const send = ({ signal }: AbortController) =>
      sluice.fetch(`${upstream.url}/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(chat({ stream: true })),
        signal,
      });
    const running = await send(abort[0]);
    const reader = running.body?.getReader();
    expect(String(Buffer.from((await reader?.read())?.value ?? []))).toContain("one");
    const queued = errorOf(send(abort[1]));
    await until(() => sluice.runtime.load.waiting === 1, "the second waits");
    abort[1].abort();
    expect((await queued).name).toBe("AbortError");
    const rest = errorOf(reader?.read() ?? Promise.resolve());
    abort[0].abort();
    expect((await rest).name).toBe("AbortError");
    await atRest(sluice);
    await until(() => upstream.received[0].wasAborted, "the upstream's connection is closed");
    expect(upstream.received).toHaveLength(1);
    await sluice.close();
  });

  test("a body that nobody wants any more ends the call", async () => {
    await using upstream = await startUpstream((response) => {
      answerStream(response);
      response.write(chatEvent("one"));
    });
    const sluice = await createSluice({
      config: { upstreams: { it: { dialect: "openai", base_url: upstream.url } } },
    });
    const answer = await sluice.fetch(`${upstream.url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(chat({ stream: true })),
    });
    await answer.body?.cancel();
    await atRest(sluice);
    await until(() => upstream.received[0].wasAborted, "the upstream's connection is closed");
    await sluice.close();
  });
});

test("close ends what still waits", async () => {
  const sluice = await start([{ max_parallel_requests: 1 }]);
  const holder = await sluice.acquire({ upstream: "openai" });
  const waiting = errorOf(sluice.acquire({ upstream: "openai" }));
  await until(() => sluice.runtime.load.waiting === 1, "it waits");
  await sluice.close();
  expect(await waiting).toMatchObject({ code: "upstream_unavailable" });
  holder.release();
});

test("a wrong configuration is refused with every problem named", async () => {
  const config = { upstreams: { it: { dialect: "openai", base_url: "not a url" } }, tiers: 3 };
  const error = await errorOf(createSluice({ config }));
  expect(error.code).toBe("invalid_request");
  expect(error.message).toContain("base_url");
  expect(error.message).toContain("tiers");
});
