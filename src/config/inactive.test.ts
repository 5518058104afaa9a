import { describe, expect, test } from "vitest";
import { DIALECT_NAMES } from "../dialects/registry.ts";
import { loadConfig } from "./load.ts";

const EXAMPLE = new URL("example.yaml", import.meta.url).pathname;
const UPSTREAM = { dialect: "openai", base_url: "https://api.example.com" };

function inactiveFields(object: object): string[] {
  const loaded = loadConfig({ object, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.inactive.map(({ field }) => field);
}

describe("fields without effect in this release", () => {
  test("are named with their line, in the order they stand", () => {
    const loaded = loadConfig({ file: EXAMPLE, env: {} });
    const inactive = loaded.ok ? loaded.inactive : [];
    expect(inactive[0]).toEqual({
      field: "tiers.critical.slo",
      line: 24,
      note: "has no effect yet",
    });
    const lines = inactive.map(({ line }) => line ?? 0);
    expect(lines).toEqual([...lines].sort((a, b) => a - b));
  });

  test("are not named when nobody wrote them", () => {
    expect(inactiveFields({ upstreams: { openai: UPSTREAM } })).toEqual([]);
  });

  test("are not named when what is written asks for nothing", () => {
    expect(
      inactiveFields({
        store: { kind: "memory" },
        policy: { shadow: false, margin: 0.1 },
        tiers: { gold: { ceiling: 1 } },
        task_types: { nightly: { fallback: [] } },
        upstreams: { openai: { ...UPSTREAM, auth: { kind: "bearer" } } },
        models: { smart: [{ upstream: "openai", model: "gpt-5" }] },
        breaker: null,
      }),
    ).toEqual([]);
  });

  test("are none of the kinds of auth", () => {
    const kinds = [
      { kind: "query", name: "key", token: "k" },
      { kind: "basic", username: "u", password: "p" },
      { kind: "oauth2", token_url: "https://a.example/t", client_id: "c", client_secret: "s" },
      {
        kind: "aws-sigv4",
        access_key_id: "a",
        secret_access_key: "s",
        region: "r",
        service: "bedrock",
      },
    ];
    const upstreams = Object.fromEntries(kinds.map((auth) => [auth.kind, { ...UPSTREAM, auth }]));
    expect(inactiveFields({ upstreams })).toEqual([]);
  });

  test("are none of the dialects: every name is spoken", () => {
    const upstreams = Object.fromEntries(
      DIALECT_NAMES.map((dialect) => [dialect, { ...UPSTREAM, dialect }]),
    );
    expect(inactiveFields({ upstreams })).toEqual([]);
  });

  test("are units that calls of the dialect are not counted in", () => {
    const limitsOf = (name: string) => [{ units: { name, amount: 1_000, per: "20s" } }];
    const shop = (name: string) => ({ ...UPSTREAM, dialect: "shopify", limits: limitsOf(name) });
    expect(inactiveFields({ upstreams: { shop: shop("points") } })).toEqual([]);
    expect(inactiveFields({ upstreams: { shop: shop("records") } })).toEqual([
      "upstreams.shop.limits[0].units",
    ]);
  });

  test("are found wherever they stand", () => {
    expect(
      inactiveFields({
        store: { kind: "redis", url: "redis://h" },
        tenants: { acme: { quotas: { tpd: 5 } } },
        upstreams: {
          openai: {
            ...UPSTREAM,
            limits: [{ rpm: 1 }, { units: { name: "x", amount: 1, per: 1 } }],
          },
        },
      }),
    ).toEqual(["upstreams.openai.limits[1].units"]);
  });
});
