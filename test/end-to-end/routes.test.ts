/** Routes: what is answered here, and which upstream and model the rest goes to. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keyHash } from "../../src/runtime/policy/tenant-directory.ts";
import { chat, post, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { answerJson, startUpstream, type TestUpstream } from "../support/gateway-upstream.ts";

let upstreams: Record<"first" | "second" | "claude" | "plain", TestUpstream>;
let gateway: TestGateway;

const ANTHROPIC = { "anthropic-version": "2023-06-01" };

/** Makes responses, files and batches with ids that tell who made them. */
function startMaker(name: string) {
  let made = 0;
  return startUpstream((response, { url, method }) => {
    const kind = /^\/(?:v1\/)?(responses|files|batches)$/.exec(url)?.[1];
    if (method !== "POST" || kind === undefined) return answerJson(response, 200, { by: name });
    const prefix = { responses: "resp_", files: "file-", batches: "batch_" }[kind];
    return answerJson(response, 200, { id: `${prefix}${name}${++made}`, object: kind, by: name });
  });
}

beforeAll(async () => {
  upstreams = {
    first: await startMaker("first"),
    second: await startMaker("second"),
    claude: await startMaker("claude"),
    plain: await startMaker("plain"),
  };
  const { first, second, claude, plain } = upstreams;
  gateway = await startTestGateway({
    upstreams: {
      plain: { dialect: "generic", base_url: `${plain.url}/api` },
      first: { dialect: "openai", base_url: first.url, limits: [{ rpm: 10_000 }] },
      second: {
        dialect: "openai",
        base_url: `${second.url}/v1`,
        limits: [{ rpm: 10_000 }, { model: ["special-*", "exact"], rpm: 10_000 }],
      },
      claude: { dialect: "anthropic", base_url: claude.url, limits: [{ rpm: 10_000 }] },
    },
    models: {
      smart: [{ upstream: "second", model: "gpt-5-large" }],
      wise: [{ upstream: "claude", model: "claude-opus-5" }],
    },
  });
});

afterAll(async () => {
  await gateway.close();
  for (const upstream of Object.values(upstreams)) await upstream[Symbol.asyncDispose]();
});

/** Where a request went, and under which model. */
async function destinationOf(path: string, body: object, headers: Record<string, string> = {}) {
  const answer = await post(gateway.url + path, body, { headers });
  const { by } = (await answer.json()) as { by?: keyof typeof upstreams };
  if (by === undefined) return `status ${answer.status}`;
  const last = upstreams[by].received.at(-1);
  const { model } = JSON.parse(String(last?.body)) as { model?: string };
  expect(answer.headers.get("x-sluice-model") ?? undefined).toBe(model);
  expect(answer.headers.get("x-sluice-upstream")).toBe(by);
  return `${by} ${last?.url} ${model}`;
}

describe("a model route goes", () => {
  test.each([
    ["smart", "second /v1/chat/completions gpt-5-large", "by exact alias"],
    ["second/any", "second /v1/chat/completions any", "by upstream/model"],
    ["first/a/b", "first /v1/chat/completions a/b", "by upstream/model, which may hold slashes"],
    ["special-one", "second /v1/chat/completions special-one", "where limits name it"],
    ["gpt-5-large", "second /v1/chat/completions gpt-5-large", "where an alias names it"],
    ["gpt-5", "first /v1/chat/completions gpt-5", "to the first that speaks the format"],
    ["nobody/x", "first /v1/chat/completions nobody/x", "as it is, if the prefix is no upstream"],
    ["plain/x", "plain /api/v1/chat/completions x", "to a generic upstream that is named"],
  ])("%s: %s (%s)", async (model, destination) => {
    expect(await destinationOf("/v1/chat/completions", chat({ model }))).toBe(destination);
  });

  test.each([
    ["/v1/responses", { input: "x" }, "first /v1/responses gpt-5"],
    ["/v1/embeddings", { input: "x" }, "first /v1/embeddings gpt-5"],
    ["/v1/messages", chat(), "claude /v1/messages gpt-5"],
  ])("%s by the format it is in", async (path, body, destination) => {
    expect(await destinationOf(path, { ...body, model: "gpt-5" })).toBe(destination);
  });

  test("by alias also if its body says that it is something else than JSON", async () => {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: JSON.stringify(chat({ model: "smart" })),
    });
    expect(answer.headers.get("x-sluice-model")).toBe("gpt-5-large");
  });

  test("nowhere without a JSON object", async () => {
    for (const body of ["{", "[]", '"x"', "null"]) {
      const answer = await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: { code: "invalid_request" } });
    }
  });
});

describe("other /v1 paths", () => {
  test("go to the first upstream of the client's dialect", async () => {
    expect(await destinationOf("/v1/audio/speech", { voice: "x" })).toBe(
      "first /v1/audio/speech undefined",
    );
    expect(await destinationOf("/v1/complete", { prompt: "x" }, ANTHROPIC)).toBe(
      "claude /v1/complete undefined",
    );
  });

  test.each(["responses", "files", "batches"])(
    "that name one of %s go to who made it",
    async (kind) => {
      const made = await post(`${gateway.url}/v1/${kind}`, { model: "second/x", input: "x" });
      const { id, by } = (await made.json()) as { id: string; by: string };
      expect(by).toBe("second");
      for (const path of [id, `${id}/cancel`, `${id}?include=all`]) {
        const answer = await fetch(`${gateway.url}/v1/${kind}/${path}`);
        expect(await answer.json()).toEqual({ by: "second" });
      }
      const other = await fetch(`${gateway.url}/v1/${kind}/unknown`);
      expect(await other.json()).toEqual({ by: "first" });
    },
  );

  test("a response that follows another is made by the same upstream, under the alias's model", async () => {
    const request = { model: "smart", input: "x" };
    const made = await post(`${gateway.url}/v1/responses`, request);
    const { id } = (await made.json()) as { id: string };
    const next = { ...request, previous_response_id: id };
    expect(await destinationOf("/v1/responses", next)).toBe("second /v1/responses gpt-5-large");
    const named = { ...next, model: "second/gpt-4" };
    expect(await destinationOf("/v1/responses", named)).toBe("second /v1/responses gpt-4");
    const plain = { ...next, model: "gpt-5" };
    expect(await destinationOf("/v1/responses", plain)).toBe("second /v1/responses gpt-5");
  });

  test("a batch goes to where its file is", async () => {
    const made = await post(`${gateway.url}/v1/files`, { model: "second/x" });
    const { id } = (await made.json()) as { id: string };
    const batch = { input_file_id: id, endpoint: "/v1/responses" };
    const answer = await post(`${gateway.url}/v1/batches`, batch);
    expect(await answer.json()).toMatchObject({ object: "batches", by: "second" });
  });
});

describe("models", () => {
  test("lists aliases, what they stand for, and what limits name, in OpenAI's form", async () => {
    const answer = await fetch(`${gateway.url}/v1/models`);
    const { object, data } = (await answer.json()) as { object: string; data: { id: string }[] };
    expect(object).toBe("list");
    expect(data.map(({ id }) => id)).toEqual([
      "smart",
      "wise",
      "gpt-5-large",
      "claude-opus-5",
      "exact",
    ]);
    expect(data[0]).toMatchObject({ object: "model", owned_by: "second" });
  });

  test("lists them in Anthropic's form if the client speaks it", async () => {
    const answer = await fetch(`${gateway.url}/v1/models`, { headers: ANTHROPIC });
    expect(await answer.json()).toMatchObject({
      data: [{ type: "model", id: "smart" }, {}, {}, {}, {}],
      has_more: false,
      first_id: "smart",
      last_id: "exact",
    });
  });

  test("finds one by name, and only those", async () => {
    const statusOf = async (name: string) =>
      (await fetch(`${gateway.url}/v1/models/${name}`)).status;
    expect(await statusOf("smart")).toBe(200);
    expect(await statusOf("gpt-5%2Dlarge")).toBe(200);
    expect(await statusOf("nobody")).toBe(404);
    expect(await statusOf("%zz")).toBe(404);
  });

  test("lists what the tenant may use", async () => {
    await using restricted = await startTestGateway({
      upstreams: { first: { dialect: "openai", base_url: upstreams.first.url } },
      models: {
        smart: [{ upstream: "first", model: "gpt-5" }],
        cheap: [{ upstream: "first", model: "gpt-5-mini" }],
      },
      tenants: { acme: { models: ["cheap", "gpt-5-m*"], keys: [keyHash("sk-acme")] } },
    });
    const headers = { "x-api-key": "sk-acme" };
    const answer = await fetch(`${restricted.url}/v1/models`, { headers });
    const { data } = (await answer.json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(["cheap", "gpt-5-mini"]);
    expect((await fetch(`${restricted.url}/v1/models/smart`, { headers })).status).toBe(404);
    expect((await fetch(`${restricted.url}/v1/models`)).status).toBe(401);
  });
});

describe("answered here", () => {
  test.each([
    ["/health/live", 200],
    ["/health/ready", 200],
    ["/health/else", 404],
    ["/metrics", 501],
    ["/dashboard", 501],
    ["/dashboard/app.js", 501],
    ["/admin/api/state", 200],
    ["/admin/api/jobs", 501],
    ["/admin/api/login", 501],
    ["/sluice/v1/me", 200],
    ["/sluice/v1/nothing", 404],
    ["/sluice/v1/slots", 404],
    ["/sluice/v1/slots/slot_x/renew", 404],
    ["/", 404],
    ["/nobody/v1/models", 404],
    ["/v2/models", 404],
  ])("GET %s: %i", async (path, status) => {
    const answer = await fetch(gateway.url + path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/json");
    const { error } = (await answer.json()) as { error?: { code: string } };
    const codes: Record<number, string> = { 404: "not_found", 501: "unsupported" };
    expect(error?.code).toBe(codes[status]);
  });

  test("the admin's state has the fields of the contract, from the first request on", async () => {
    await using fresh = await startTestGateway({
      upstreams: {
        it: {
          dialect: "openai",
          base_url: upstreams.first.url,
          limits: [
            { rpm: 60, max_parallel_requests: 3 },
            { model: "gpt-5*", tpm: 1_000 },
          ],
        },
      },
      tenants: { acme: { tier: "premium" } },
    });
    const state = await fresh.state();
    expect(state).toEqual({
      now: expect.closeTo(Date.now(), -4),
      upstreams: {
        it: {
          pressure: 0,
          breakers: {},
          meters: [
            meter("requests", "account", 60),
            { ...meter("concurrency", "account", 3), resetsAt: null },
            meter("tokens", "model:gpt-5*", 1_000),
          ],
        },
      },
      queue: { waiting: 0, bytes: 0, bands: expect.any(Array) },
      tenants: {
        acme: { tier: "premium", waiting: 0, running: 0, used: 0, quotas: {} },
        default: { tier: "free", waiting: 0, running: 0, used: 0, quotas: {} },
      },
      store: { kind: "memory", healthy: true },
    });
    expect(Object.keys(state.tenants)).toEqual(["acme", "default"]);
    expect(state.queue.bands[0]).toEqual({
      tier: "critical",
      latency: "real-time",
      waiting: 0,
      oldestMs: null,
      blockedBy: null,
    });
  });

  function meter(dimension: string, selector: string, limit: number) {
    const still = { level: limit, reserved: 0, use: 0, resetsAt: expect.any(Number) };
    return { dimension, selector, limit, ...still };
  }

  test("the admin's state needs its token, or else a loopback name", async () => {
    await using guarded = await startTestGateway({
      server: { admin_token: "t0ken" },
      upstreams: { it: { dialect: "openai", base_url: upstreams.first.url } },
    });
    const statusWith = async (url: string, headers: Record<string, string>) =>
      (await fetch(`${url}/admin/api/state`, { headers })).status;
    expect(await statusWith(guarded.url, {})).toBe(401);
    expect(await statusWith(guarded.url, { authorization: "Bearer t0keN" })).toBe(401);
    expect(await statusWith(guarded.url, { authorization: "Bearer t0ken" })).toBe(200);
  });
});
