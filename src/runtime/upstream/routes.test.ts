import { describe, expect, test } from "vitest";
import { loadConfig } from "../../config/index.ts";
import type { WireFormat } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import type { AccountTenant } from "../account/ask.ts";
import { HealthWatch } from "../health-watch.ts";
import { bandTable } from "../policy/bands.ts";
import { createSystemClock } from "../system-clock.ts";
import { createFetchTransport } from "../transport/fetch-transport.ts";
import { nameAt, routeModel, wireFormatOf } from "./routes.ts";
import { Upstream, type UpstreamMeans } from "./upstream.ts";

const base_url = "http://127.0.0.1:1";
const CONFIG = {
  upstreams: {
    plain: { dialect: "generic", base_url, limits: [{ model: "plain-*", rpm: 1 }] },
    claude: { dialect: "anthropic", base_url, limits: [{ model: "shared-*", rpm: 1 }] },
    first: { dialect: "openai", base_url },
    second: { dialect: "openai", base_url, limits: [{ rpm: 1 }, { model: ["special-*"], rpm: 1 }] },
  },
  models: {
    smart: [
      { upstream: "second", model: "gpt-5" },
      { upstream: "first", model: "gpt-4" },
    ],
    "first/smart": [{ upstream: "claude", model: "opus" }],
  },
};

function routed(object: object) {
  const loaded = loadConfig({ object: object as Record<string, unknown>, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const { config } = loaded;
  const policy = bandTable(config);
  const means = {
    clock: createSystemClock(),
    initialShare: 1,
    credentials: unusedCredentials(),
    onTenantFreed: () => {},
    tenantNow: (tenant: AccountTenant) => tenant,
    onTwinTenantFreed: () => {},
    onLearned: () => {},
    onDifferences: () => {},
    store: null,
    health: new HealthWatch({ onBreaker: () => {}, onStopped: () => {} }),
  };
  const upstreams = new Map(
    [...config.upstreams].map(([name, one]) => [name, new Upstream(one, policy, means)]),
  );
  return { config, upstreams };
}

function unusedCredentials(): UpstreamMeans["credentials"] {
  return {
    transport: createFetchTransport(fetch),
    clock: createSystemClock(),
    random: () => 0,
    wallMs: () => 0,
    closing: new AbortController().signal,
    mostWaiting: () => 0,
    onFailed: () => {},
  };
}

const { config, upstreams } = routed(CONFIG);

function routeOf(name: string | null, format: WireFormat = "openai"): string {
  const { upstream, model } = routeModel(name, format, config, upstreams);
  return `${upstream.name} ${model}`;
}

describe("routes", () => {
  test.each<[string, WireFormat, string]>([
    ["smart", "openai", "second gpt-5"],
    ["smart", "anthropic", "second gpt-5"],
    ["first/smart", "openai", "claude opus"],
    ["second/x", "openai", "second x"],
    ["second/a/b", "openai", "second a/b"],
    ["claude/x", "openai", "claude x"],
    ["/x", "openai", "first /x"],
    ["nobody/x", "openai", "first nobody/x"],
    ["special-1", "openai", "second special-1"],
    ["special-1", "anthropic", "claude special-1"],
    ["shared-1", "openai", "first shared-1"],
    ["plain-1", "openai", "first plain-1"],
    ["gpt-5", "openai", "second gpt-5"],
    ["gpt-4", "openai", "first gpt-4"],
    ["opus", "anthropic", "claude opus"],
    ["unheard", "openai", "first unheard"],
    ["unheard", "anthropic", "claude unheard"],
    ["__proto__", "openai", "first __proto__"],
  ])("%s in the form of %s: %s", (name, format, route) => {
    expect(routeOf(name, format)).toBe(route);
  });

  test("a request that names no model goes to the first that speaks its form", () => {
    expect(routeOf(null)).toBe("first null");
    expect(routeOf(null, "anthropic")).toBe("claude null");
  });

  test("what nobody speaks is not found, by its name", () => {
    const { claude } = CONFIG.upstreams;
    const only = routed({ upstreams: { claude } });
    const route = () => routeModel("gpt-5", "openai", only.config, only.upstreams);
    expect(route).toThrow('no upstream speaks the openai format for the model "gpt-5"');
    expect(route).toThrow(SluiceError);
  });
});

test("a name means its alias only to the upstream that the alias is for", () => {
  const at = (name: string, model: string | null) => {
    const upstream = upstreams.get(name);
    if (!upstream) throw new Error(name);
    return nameAt(upstream, model, config);
  };
  expect(at("second", "smart")).toBe("gpt-5");
  expect(at("first", "smart")).toBe("smart");
  expect(at("first", "gpt-5")).toBe("gpt-5");
  expect(at("first", null)).toBe(null);
});

test.each([
  ["/v1/messages", "anthropic"],
  ["/v1/messages?beta=true", "anthropic"],
  ["/v1/messages/count_tokens", "anthropic"],
  ["/v1/messages-x", "openai"],
  ["/v1/chat/completions", "openai"],
])("%s is in the form of %s", (path, format) => {
  expect(wireFormatOf(path)).toBe(format);
});
