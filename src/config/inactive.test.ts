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

  test("are none of the dialects: every name is spoken", () => {
    const upstreams = Object.fromEntries(
      DIALECT_NAMES.map((dialect) => [dialect, { ...UPSTREAM, dialect }]),
    );
    expect(inactiveFields({ upstreams })).toEqual([]);
  });

  test("are found wherever they stand", () => {
    const candidates = [
      { upstream: "openai", model: "a", quality: 1 },
      { upstream: "openai", model: "b" },
    ];
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
        models: { smart: candidates },
      }),
    ).toEqual([
      "store.kind",
      "upstreams.openai.limits[1].units",
      "models.smart",
      "models.smart[0].quality",
    ]);
  });
});
