import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Config } from "./config.ts";
import { loadConfig } from "./load.ts";

const EXAMPLE = new URL("example.yaml", import.meta.url).pathname;

function load(object: unknown, env: Record<string, string> = {}): Config {
  const loaded = loadConfig({ object, env });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

function upstream(fields: object, env: Record<string, string> = {}) {
  const base = { dialect: "openai", base_url: "https://api.example.com" };
  return load({ upstreams: { a: { ...base, ...fields } } }, env).upstreams.get("a");
}

describe("the documented example", () => {
  test("is valid as a file and as an object", () => {
    const fromFile = loadConfig({ file: EXAMPLE, env: {} });
    expect(fromFile).toMatchObject({ ok: true });
    const object = parse(readFileSync(EXAMPLE, "utf8"));
    expect(fromFile.ok && fromFile.config).toEqual(load(object));
  });

  test("keeps tiers, upstreams and candidates in their order", () => {
    const config = load(parse(readFileSync(EXAMPLE, "utf8")));
    expect([...config.tiers.keys()]).toEqual(["critical", "premium", "standard", "free"]);
    expect([...config.upstreams.keys()]).toEqual(["openai", "anthropic", "hubspot", "internal"]);
    expect(config.models.get("smart")?.map(({ model }) => model)).toEqual([
      "gpt-5",
      "claude-sonnet-4-5",
      "gpt-5-mini",
    ]);
  });

  test("uses the environment's keys", () => {
    const loaded = loadConfig({ file: EXAMPLE, env: { OPENAI_API_KEY: "sk-1\n" } });
    expect(loaded.ok && loaded.config.upstreams.get("openai")?.credentials).toEqual([
      { name: "prod", project: "p1", apiKey: "sk-1" },
    ]);
  });
});

describe("defaults", () => {
  test("are those of the example", () => {
    const config = load({});
    expect(config.server).toMatchObject({
      listen: { host: "127.0.0.1", port: 8787 },
      adminToken: "",
      bodyMaxBytes: 33_554_432,
      timeouts: { bodyMs: 60_000, firstByteMs: 300_000, upstreamMs: 600_000, drainMs: 30_000 },
    });
    expect(config.policy).toMatchObject({
      order: ["tier", "latency"],
      batchLast: true,
      latencyGuarantee: { "real-time": 0, "near-real-time": 0.1, batch: 0.05 },
      margin: { kind: "learned", initial: 0.1 },
    });
    expect([...config.tiers.values()].map(({ weight }) => weight)).toEqual([8, 4, 2, 1]);
    expect(config.defaults).toEqual({ tenant: "default", tier: "free", taskType: "default" });
  });

  test("bring the default tenant and task type into being", () => {
    const config = load({ tiers: { gold: {}, silver: {} }, tenants: { acme: {} } });
    expect([...config.tenants.values()].map(({ name, tier }) => [name, tier])).toEqual([
      ["acme", "silver"],
      ["default", "silver"],
    ]);
    expect([...config.taskTypes.keys()]).toEqual(["default"]);
  });

  test("empty sections are absent sections", () => {
    const empty = { server: null, tiers: {}, tenants: { acme: null }, upstreams: null };
    expect(load(empty)).toEqual(load({ tenants: { acme: {} } }));
  });

  test("give way to what is written", () => {
    const { policy } = load({ tiers: { gold: { guarantee: 0.44 } } });
    const { batch, "near-real-time": near } = policy.latencyGuarantee;
    expect(0.44 + batch + near).toBeCloseTo(0.5);
    expect(load({ policy: { pressure: { warn: 0.95 } } }).policy.pressure.act).toBe(0.95);
    expect(upstream({ adaptive: { max: 5 } })?.adaptive).toEqual({ initial: 5, min: 1, max: 5 });
  });

  test("hold batch while Redis is down, unless told otherwise", () => {
    const redis = { kind: "redis", url: "redis://h" };
    expect(load({ store: redis }).store).toMatchObject({
      onFailure: { "real-time": "safe-share", "near-real-time": "safe-share", batch: "hold" },
    });
    const told = { ...redis, on_failure: { default: "refuse", batch: "safe-share" } };
    expect(load({ store: told }).store).toMatchObject({
      onFailure: { "real-time": "refuse", "near-real-time": "refuse", batch: "safe-share" },
    });
  });
});

describe("values as people write them", () => {
  test("numbers in texts are numbers, since that is what variables become", () => {
    const env = { N: "30k", ON: "true", T: "5s" };
    const config = load(
      {
        server: { connections: `\${N}`, trust_headers: `\${ON}` },
        tiers: { gold: { max_wait: `\${T}`, weight: `\${W:-2.5}` } },
      },
      env,
    );
    expect(config.server).toMatchObject({ connections: 30_000, trustHeaders: true });
    expect(config.tiers.get("gold")).toMatchObject({ maxWaitMs: 5_000, weight: 2.5 });
  });

  test.each([
    ["localhost:0", "localhost", 0],
    ["[::1]:8787", "::1", 8787],
    ["127.9.9.9:1", "127.9.9.9", 1],
  ])("listens on %s, which is loopback", (listen, host, port) => {
    expect(load({ server: { listen } }).server.listen).toEqual({ host, port });
  });

  test.each(["8787", ":8787", "::1:8787", "h:65536", "h:-1", "h", "http://h:1", "a b:1", "[h]:1"])(
    "does not listen on %s",
    (listen) => {
      const object = { server: { listen, admin_token: "x" } };
      expect(loadConfig({ object, env: {} })).toMatchObject({
        ok: false,
        problems: [{ field: "server.listen" }],
      });
    },
  );

  test("an address given at the start takes the place of the file's", () => {
    const loaded = loadConfig({ file: EXAMPLE, env: {}, listen: "127.0.0.1:0" });
    expect(loaded.ok && loaded.config.server.listen.port).toBe(0);
    expect(loadConfig({ file: EXAMPLE, env: {}, listen: "0.0.0.0:0" })).toMatchObject({
      ok: false,
      problems: [{ field: "server.admin_token", line: 5 }],
    });
  });

  test("tiers that look like numbers keep their order in a file's Map", () => {
    const tiers = new Map([
      ["2", {}],
      ["10", {}],
      ["1", {}],
    ]);
    expect([...load({ tiers }).tiers.keys()]).toEqual(["2", "10", "1"]);
  });
});

describe("credentials", () => {
  test("api_key is short for one named default", () => {
    expect(upstream({ api_key: "k" })).toMatchObject({
      credentials: [{ name: "default", project: null, apiKey: "k" }],
      auth: { kind: "dialect" },
    });
  });

  test("an empty key means none, so that the client's own is passed on", () => {
    expect(upstream({ api_key: `\${KEY:-}` })?.credentials).toEqual([]);
    const credentials = [
      { name: "a", api_key: "" },
      { name: "b", api_key: "k" },
    ];
    expect(upstream({ credentials })?.credentials.map(({ name }) => name)).toEqual(["b"]);
  });

  test("a token of auth is a credential, and auth says how it is sent", () => {
    expect(upstream({ auth: { kind: "header", name: "x-key", token: "k" } })).toMatchObject({
      credentials: [{ name: "default", apiKey: "k" }],
      auth: { kind: "header", name: "x-key" },
    });
  });

  test("a secret may hold anything but line breaks", () => {
    const env = { KEY: `a: "b" {c} # ${"$"}{NO}` };
    expect(upstream({ api_key: `\${KEY}` }, env)?.credentials[0].apiKey).toBe(env.KEY);
    const object = { server: { admin_token: "a\nb" } };
    expect(loadConfig({ object, env: {} })).toMatchObject({
      problems: [{ field: "server.admin_token", found: "a text (hidden)" }],
    });
  });
});

describe("limits", () => {
  test("absent is not the same as none", () => {
    expect(upstream({})?.limits).toBeNull();
    expect(upstream({ limits: [] })?.limits).toEqual([]);
  });

  test("short forms are buckets whose capacity is the amount", () => {
    const limits = [
      {
        rpm: 1,
        rpd: 2,
        tpm: "3k",
        tpd: 4,
        itpm: 5,
        otpm: 6,
        max_parallel_requests: 7,
        usd_per_day: 0.5,
      },
    ];
    const rules = upstream({ limits })?.limits ?? [];
    expect(rules.map((r) => [r.dimension, r.amount, r.perMs, r.window])).toEqual([
      ["requests", 1, 60_000, "bucket"],
      ["requests", 2, 86_400_000, "bucket"],
      ["tokens", 3_000, 60_000, "bucket"],
      ["tokens", 4, 86_400_000, "bucket"],
      ["input_tokens", 5, 60_000, "bucket"],
      ["output_tokens", 6, 60_000, "bucket"],
      ["concurrency", 7, null, "bucket"],
      ["usd", 0.5, 86_400_000, "bucket"],
    ]);
    expect(rules[2].field).toBe("upstreams.a.limits[0].tpm");
  });

  test("general forms carry their window", () => {
    const day = {
      amount: 2,
      per: "1d",
      window: "fixed",
      resets_at: "07:30",
      time_zone: "Asia/Tokyo",
    };
    const rules = upstream({
      limits: [
        { requests: { amount: 1, per: "10s", window: "sliding" } },
        { tokens: day },
        { output_tokens: { amount: 3, per: "1mo", window: "fixed" } },
        { units: { name: "records", amount: 4, per: "1h" } },
      ],
    })?.limits;
    const none = { isCalendarMonth: false, resetsAt: null, timeZone: null };
    expect(rules).toMatchObject([
      { dimension: "requests", perMs: 10_000, window: "sliding", ...none },
      {
        dimension: "tokens",
        perMs: 86_400_000,
        window: "fixed",
        resetsAt: 450,
        timeZone: "Asia/Tokyo",
      },
      {
        dimension: "output_tokens",
        window: "fixed",
        isCalendarMonth: true,
        resetsAt: 0,
        timeZone: "UTC",
      },
      { dimension: "units:records", amount: 4, perMs: 3_600_000, window: "bucket", ...none },
    ]);
  });

  test("selectors say what they count over", () => {
    const credentials = [{ name: "k", project: "p", api_key: "x" }];
    const limits = [
      { rpm: 1 },
      { model: "gpt-5*", rpm: 1 },
      { model: ["a", "b"], each: true, project: "p", key: "k", rpm: 1 },
    ];
    expect(upstream({ credentials, limits })?.limits?.map(({ selector }) => selector)).toEqual([
      { models: null, project: null, key: null, each: false },
      { models: ["gpt-5*"], project: null, key: null, each: false },
      { models: ["a", "b"], project: "p", key: "k", each: true },
    ]);
  });

  test("quotas are those that are written, in whole units", () => {
    const quotas = { usd_per_month: 2_000, tpd: "50M" };
    expect(load({ tenants: { a: { quotas } } }).tenants.get("a")?.quotas).toEqual([
      { name: "tpd", amount: 50_000_000 },
      { name: "usd_per_month", amount: 2_000 },
    ]);
  });
});

test("key hashes are kept in lower case", () => {
  const keys = [`SHA256:${"AB".repeat(32)}`];
  expect(load({ tenants: { a: { keys } } }).tenants.get("a")?.keys).toEqual([
    `sha256:${"ab".repeat(32)}`,
  ]);
});
