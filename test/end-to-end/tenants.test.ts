/** Tenants: who a request belongs to, what it may do, and whose credential travels on. */
import { describe, expect, test } from "vitest";
import { keyHash } from "../../src/runtime/policy/tenant-directory.ts";
import {
  atRest,
  type ConfigObject,
  chat,
  EXACT,
  levelIn,
  pause,
  post,
  startTestGateway,
  until,
} from "../support/gateway.ts";
import { answerJson, startUpstream } from "../support/gateway-upstream.ts";

const KEY = "sk-tenant-acme";
const OTHER_KEY = "sk-tenant-other";
const TENANTS = { acme: { keys: [keyHash(KEY)] }, other: { keys: [keyHash(OTHER_KEY)] } };
const FORMS: readonly [string, (key: string) => Record<string, string>][] = [
  ["x-sluice-key", (key) => ({ "x-sluice-key": key })],
  ["authorization", (key) => ({ authorization: `Bearer ${key}` })],
  ["x-api-key", (key) => ({ "x-api-key": key })],
  ["api-key", (key) => ({ "api-key": key })],
  ["x-goog-api-key", (key) => ({ "x-goog-api-key": key })],
];

/** A gateway and what its upstream receives. */
async function start(upstreamConfig: object, more: ConfigObject = {}) {
  const upstream = await startUpstream();
  const it = { dialect: "openai", base_url: `${upstream.url}/v1`, ...upstreamConfig };
  const gateway = await startTestGateway({ policy: EXACT, upstreams: { it }, ...more });
  return {
    ...gateway,
    received: upstream.received,
    send: (headers: Record<string, string>, body: object = {}) =>
      post(`${gateway.url}/v1/chat/completions`, chat(body), { headers }),
    lastHeaders() {
      const last = upstream.received.at(-1);
      if (!last) throw new Error("nothing was received");
      return last.headers;
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

describe.each(FORMS)("a tenant's key in %s", (_, formOf) => {
  test("names the tenant and never travels on, with the upstream's own credential or without", async () => {
    for (const credential of [{}, { api_key: "sk-ours" }]) {
      await using gateway = await start(credential, { tenants: TENANTS });
      const answer = await gateway.send(formOf(KEY));
      expect(answer.status).toBe(200);
      expect(JSON.stringify(gateway.lastHeaders())).not.toContain(KEY);
      const me = await fetch(`${gateway.url}/sluice/v1/me`, { headers: formOf(KEY) });
      expect(await me.json()).toMatchObject({ tenant: "acme" });
    }
  });

  test("lets the client's own credential travel beside it", async () => {
    await using gateway = await start({}, { tenants: TENANTS });
    const [, ownForm] = FORMS.find(([form]) => !(form in formOf(KEY)) && form !== "x-sluice-key")!;
    await gateway.send({ ...formOf(KEY), ...ownForm("sk-client") });
    const headers = gateway.lastHeaders();
    expect(headers).toMatchObject(ownForm("sk-client"));
    expect(JSON.stringify(headers)).not.toContain(KEY);
  });

  test("is not known: 401, and nothing is sent", async () => {
    await using gateway = await start({ api_key: "sk-ours" }, { tenants: TENANTS });
    for (const headers of [formOf("sk-wrong"), formOf(`${KEY}x`), formOf(keyHash(KEY))]) {
      const answer = await gateway.send(headers);
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ error: { code: "unauthorized" } });
    }
    expect(gateway.received).toHaveLength(0);
  });
});

test("without any key in the house everyone is the default tenant", async () => {
  await using gateway = await start({ api_key: "sk-ours" }, { defaults: { tenant: "guest" } });
  for (const name of ["accept", "authorization"]) {
    expect((await gateway.send({ [name]: "Bearer whatever" })).status).toBe(200);
    expect(gateway.lastHeaders().authorization).toBe("Bearer sk-ours");
  }
  const me = await fetch(`${gateway.url}/sluice/v1/me`);
  expect(await me.json()).toMatchObject({ tenant: "guest" });
});

test("the upstream's credential takes the place of all that the client brings", async () => {
  const own = {
    credentials: [
      { name: "one", api_key: "sk-1" },
      { name: "two", api_key: "sk-2" },
    ],
  };
  const tenants = {
    second: { keys: [keyHash(KEY)], credentials: ["two"] },
    none: { credentials: [] },
  };
  await using gateway = await start(own, { tenants, server: { trust_headers: true } });
  const all = Object.assign({}, ...FORMS.map(([, formOf]) => formOf("sk-client")));
  await gateway.send({ ...all, "x-sluice-key": KEY });
  const { authorization, ...others } = gateway.lastHeaders();
  expect(authorization).toBe("Bearer sk-2");
  expect(JSON.stringify(others)).not.toContain("sk-");
  const forbidden = await gateway.send({ "x-sluice-tenant": "none" });
  expect(forbidden.status).toBe(403);
});

describe("where the upstream has no credential", () => {
  test("each client's has a budget of its own", async () => {
    const limits = [{ requests: { amount: 2, per: "1h" } }];
    await using gateway = await start({ limits });
    const statuses = async (headers: Record<string, string>) => {
      const all: number[] = [];
      for (let i = 0; i < 3; i++) {
        all.push((await gateway.send({ ...headers, "x-sluice-max-wait-ms": "1000" })).status);
      }
      return all;
    };
    expect(await statuses({ authorization: "Bearer one" })).toEqual([200, 200, 429]);
    expect(await statuses({ authorization: "Bearer two" })).toEqual([200, 200, 429]);
    expect(await statuses({ authorization: "Basic dXNlcjpwYXNz" })).toEqual([200, 200, 429]);
    expect(gateway.lastHeaders().authorization).toBe("Basic dXNlcjpwYXNz");
    expect(await statuses({ authorization: "Basic b3RoZXI6cGFzcw==" })).toEqual([200, 200, 429]);
    expect(await statuses({ "x-api-key": "one" })).toEqual([429, 429, 429]);
  });
});

describe("with trust_headers", () => {
  const trusting = { server: { trust_headers: true } };
  const TIERS = { gold: { max_wait: "9s" }, tin: { max_wait: "3s" } };

  test("x-sluice-tenant wins over a key; unknown tenants take x-sluice-tier or the default", async () => {
    const tenants = { ...TENANTS, rich: { tier: "gold" } };
    const more = { ...trusting, tiers: TIERS, defaults: { tier: "tin" }, tenants };
    await using gateway = await start({ api_key: "k" }, more);
    const me = async (headers: Record<string, string>) => {
      const answer = await fetch(`${gateway.url}/sluice/v1/me`, { headers });
      const { tenant, tier } = (await answer.json()) as Record<string, string>;
      return [answer.status, tenant, tier];
    };
    const key = { "x-sluice-key": KEY };
    expect(await me({ ...key, "x-sluice-tenant": "rich" })).toEqual([200, "rich", "gold"]);
    expect(await me({ "x-sluice-tenant": "new" })).toEqual([200, "new", "tin"]);
    const asGold = { "x-sluice-tier": "gold" };
    expect(await me({ "x-sluice-tenant": "new", ...asGold })).toEqual([200, "new", "gold"]);
    expect(await me({ "x-sluice-tenant": "acme", ...asGold })).toEqual([200, "acme", "tin"]);
    expect(await me({ "x-sluice-tenant": "new", "x-sluice-tier": "lead" })).toEqual([
      200,
      "new",
      "tin",
    ]);
    expect(await me(key)).toEqual([200, "acme", "tin"]);
    expect((await me({}))[0]).toBe(401);
    await gateway.send({ "x-sluice-tenant": "new", ...asGold });
    expect(JSON.stringify(gateway.lastHeaders())).not.toContain("sluice");
  });

  test("a tenant of any name does no harm", async () => {
    await using gateway = await start({ api_key: "k" }, trusting);
    for (const name of ["__proto__", "constructor", "toString", "a|b", "x".repeat(5_000)]) {
      const headers = { "x-sluice-tenant": name };
      expect((await gateway.send(headers)).status).toBe(200);
      const slot = await post(`${gateway.url}/sluice/v1/slots`, { upstream: "it" }, { headers });
      expect(slot.status).toBe(200);
      const { tenants } = await gateway.state();
      expect(tenants[name.slice(0, 200)]).toMatchObject({ running: 1 });
    }
    expect(({} as { waiting?: number }).waiting).toBe(undefined);
  });

  test("without it the same headers mean nothing", async () => {
    await using gateway = await start({ api_key: "k" }, { tenants: TENANTS });
    expect((await gateway.send({ "x-sluice-tenant": "acme" })).status).toBe(401);
  });
});

test("models that are not allowed: 403; allowed by name, by glob, or by alias", async () => {
  const models = {
    smart: [{ upstream: "it", model: "gpt-5" }],
    hidden: [{ upstream: "it", model: "gpt-9" }],
  };
  const tenants = { acme: { keys: [keyHash(KEY)], models: ["smart", "gpt-4*"] } };
  await using gateway = await start({ api_key: "k" }, { models, tenants });
  const status = async (path: string, model: string, type = "application/json") => {
    const answer = await post(gateway.url + path, chat({ model }), {
      headers: { "x-sluice-key": KEY, "content-type": type },
    });
    return answer.status;
  };
  for (const path of ["/v1/chat/completions", "/it/v1/chat/completions"]) {
    expect(await status(path, "smart")).toBe(200);
    expect(await status(path, "gpt-4-turbo")).toBe(200);
    expect(await status(path, "gpt-5")).toBe(403);
    expect(await status(path, "hidden")).toBe(403);
    // What is said about a body's type does not open a way around it.
    expect(await status(path, "gpt-5", "text/plain")).toBe(403);
    expect(await status(path, "gpt-5", "Application/JSON")).toBe(403);
  }
  expect(await status("/v1/chat/completions", "it/gpt-4o")).toBe(200);
  expect(await status("/v1/chat/completions", "it/gpt-5")).toBe(403);
  expect(gateway.received.length).toBe(5);
});

test("a claim above latency_max is lowered silently", async () => {
  const tenants = {
    modest: { tier: "free", latency_max: "batch" },
    tiered: { tier: "slow" },
  };
  const tiers = { free: {}, slow: { latency_max: "near-real-time" } };
  const more = { tiers, tenants, server: { trust_headers: true } };
  const limits = [{ max_parallel_requests: 1 }];
  await using silent = await startUpstream(() => {});
  const it = { dialect: "openai", base_url: silent.url, api_key: "k", limits };
  await using gateway = await startTestGateway({ upstreams: { it }, ...more });
  const abort = new AbortController();
  const { signal } = abort;
  const running = post(`${gateway.url}/v1/chat/completions`, chat(), { signal }).catch(() => {});
  await until(() => silent.received.length === 1, "the first one runs");
  const waiting = ["modest", "tiered"].map((tenant) =>
    post(`${gateway.url}/v1/chat/completions`, chat(), {
      headers: {
        "x-sluice-tenant": tenant,
        "x-sluice-latency": "real-time",
      },
      signal,
    }).catch(() => {}),
  );
  await until(() => gateway.runtime.load.waiting === 2, "both wait");
  const { queue } = await gateway.state();
  const found = queue.bands.filter((band) => band.waiting > 0);
  expect(found.map(({ tier, latency }) => [tier, latency])).toEqual([
    ["slow", "near-real-time"],
    ["free", "batch"],
  ]);
  expect(gateway.runtime.claimsLowered).toBe(2);
  abort.abort();
  await Promise.all([running, ...waiting]);
  await atRest(gateway);
});

test("max_parallel_requests of a tenant holds over all upstreams, and holds back nobody else", async () => {
  const answers: (() => void)[] = [];
  await using upstream = await startUpstream(
    (response) => void answers.push(() => answerJson(response, 200, {})),
  );
  const to = (path: string) => ({ dialect: "openai", base_url: upstream.url + path, api_key: "k" });
  await using gateway = await startTestGateway({
    server: { trust_headers: true },
    upstreams: { one: to("/one"), two: to("/two") },
    tenants: { acme: { max_parallel_requests: 2 } },
  });
  const send = (tenant: string, name: string) =>
    post(`${gateway.url}/${name}/chat/completions`, chat(), {
      headers: { "x-sluice-tenant": tenant },
    });
  const acme = [send("acme", "one"), send("acme", "two"), send("acme", "one"), send("acme", "two")];
  await until(() => gateway.runtime.load.waiting === 2, "two of four wait");
  expect(upstream.received).toHaveLength(2);
  const other = send("other", "one");
  await until(() => answers.length === 3, "the other is sent at once");
  answers[2]();
  await other;
  const { tenants } = await gateway.state();
  expect(tenants.acme).toMatchObject({ waiting: 2, running: 2 });
  // A slot that is given back at one upstream lets in who waits for it at the other.
  for (let next = 0; next < 5; next++) {
    if (next === 2) continue;
    await until(() => answers.length > next, "the next is sent");
    expect(gateway.runtime.load.running).toBeLessThanOrEqual(2);
    answers[next]();
    await pause(1);
  }
  for (const answer of await Promise.all(acme)) expect(answer.status).toBe(200);
  const me = await fetch(`${gateway.url}/sluice/v1/me`, { headers: { "x-sluice-tenant": "acme" } });
  expect(await me.json()).toMatchObject({
    limits: [{ dimension: "concurrency", selector: "tenant:acme", limit: 2, level: 2 }],
    running: 0,
    waiting: 0,
  });
});

test("limits by project and key count only the credentials they name", async () => {
  const credentials = [
    { name: "one", project: "p1", api_key: "sk-1" },
    { name: "two", project: "p2", api_key: "sk-2" },
  ];
  const limits = [{ rpm: 100 }, { project: "p1", rpm: 50 }, { key: "two", rpm: 20 }];
  const tenants = { first: { credentials: ["one"] }, second: { credentials: ["two"] } };
  const more = { tenants, server: { trust_headers: true } };
  await using gateway = await start({ credentials, limits }, more);
  for (const tenant of ["first", "second", "second"]) {
    await gateway.send({ "x-sluice-tenant": tenant });
  }
  const state = await gateway.state();
  expect(levelIn(state, "it", "requests")).toBeCloseTo(97, -0.5);
  expect(levelIn(state, "it", "requests", "project:p1")).toBeCloseTo(49, -0.5);
  expect(levelIn(state, "it", "requests", "key:two")).toBeCloseTo(18, -0.5);
});
