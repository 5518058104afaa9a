import { expect, test } from "vitest";
import { loadConfig } from "../../config/index.ts";
import { keyHash, TenantDirectory } from "../policy/tenant-directory.ts";
import { identify } from "./identity.ts";

function directoryOf(tenants: object): TenantDirectory {
  const upstreams = { it: { dialect: "openai", base_url: "http://127.0.0.1:1" } };
  const object = { upstreams, tenants, defaults: { tenant: "guest" } };
  const loaded = loadConfig({ object, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return new TenantDirectory(loaded.config);
}

const KEYED = directoryOf({
  acme: { keys: [keyHash("key-a"), keyHash("key-a2")] },
  other: { keys: [keyHash("key-o")] },
});
const OPEN = directoryOf({ acme: {} });

function identified(headers: Record<string, string>, directory = KEYED, trusts = false) {
  const { tenant, ownHeaders, clientCredential } = identify(headers, directory, trusts);
  return [tenant.id, [...ownHeaders], clientCredential];
}

test.each<[Record<string, string>, unknown[]]>([
  [{ "x-sluice-key": "key-a" }, ["acme", ["x-sluice-key"], null]],
  [{ authorization: "Bearer key-a2" }, ["acme", ["authorization"], null]],
  [{ authorization: "bearer   key-a " }, ["acme", ["authorization"], null]],
  [{ "x-api-key": "key-a" }, ["acme", ["x-api-key"], null]],
  [{ "api-key": "key-a" }, ["acme", ["api-key"], null]],
  [{ "x-goog-api-key": "key-a" }, ["acme", ["x-goog-api-key"], null]],
  [{ "x-sluice-key": "key-a", authorization: "Bearer mine" }, ["acme", ["x-sluice-key"], "mine"]],
  [
    { "x-api-key": "key-a", authorization: "Basic bWU6cHc=" },
    ["acme", ["x-api-key"], "Basic bWU6cHc="],
  ],
  // The first key names the tenant; no key of ours travels on.
  [
    { authorization: "Bearer key-o", "x-api-key": "key-a" },
    ["other", ["authorization", "x-api-key"], null],
  ],
  [{ "x-sluice-key": "wrong", "api-key": "key-a" }, ["acme", ["api-key"], null]],
])("%o", (headers, found) => {
  expect(identified(headers)).toEqual(found);
});

test.each([{}, { authorization: "Bearer wrong" }, { "x-sluice-key": keyHash("key-a") }])(
  "%o is nobody where keys exist",
  (headers) => {
    expect(() => identify(headers, KEYED, false)).toThrow("no valid key");
  },
);

test("where no keys exist everyone is the default tenant, with a credential or without", () => {
  expect(identified({}, OPEN)).toEqual(["guest", [], null]);
  expect(identified({ "x-api-key": "mine" }, OPEN)).toEqual(["guest", [], "mine"]);
});

test("a trusted name wins over a key, and stands in for one", () => {
  const named = { "x-sluice-tenant": "acme" };
  expect(identified(named, KEYED, true)).toEqual(["acme", [], null]);
  expect(identified({ ...named, "x-sluice-key": "key-o" }, KEYED, true)).toEqual([
    "acme",
    ["x-sluice-key"],
    null,
  ]);
  expect(identified({ "x-sluice-tenant": "", "x-sluice-key": "key-o" }, KEYED, true)[0]).toBe(
    "other",
  );
  expect(() => identify(named, KEYED, false)).toThrow("no valid key");
});

test("a trusted name is kept to a sane length", () => {
  const [id] = identified({ "x-sluice-tenant": "x".repeat(1_000) }, KEYED, true);
  expect(id).toBe("x".repeat(200));
});
