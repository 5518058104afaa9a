import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadConfig } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-credentials-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const pem = (key: typeof privateKey) => key.export({ type: "pkcs8", format: "pem" }).toString();
const KEY = {
  type: "service_account",
  client_email: "a@b.example",
  private_key: pem(privateKey),
  token_uri: "https://oauth2.example/token",
};

/** As `sluice check` would read it. */
function loadFile(text: string) {
  const file = join(folder, "sluice.yaml");
  writeFileSync(file, text);
  return loadConfig({ file, env: {} });
}

function load(upstream: object) {
  const base = { dialect: "generic", base_url: "https://api.example.com" };
  return loadConfig({ object: { upstreams: { it: { ...base, ...upstream } } }, env: {} });
}

function upstreamOf(upstream: object) {
  const loaded = load(upstream);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config.upstreams.get("it");
}

function problemsOf(upstream: object) {
  const loaded = load(upstream);
  return loaded.ok
    ? []
    : loaded.problems.map(({ field, found, expected }) => ({ field, found, expected }));
}

const OAUTH2 = { kind: "oauth2", token_url: "https://a.example/token/", client_id: "c" };
const AWS = { kind: "aws-sigv4", region: "eu-west-1", service: "bedrock" };

describe("auth that brings its own secrets", () => {
  test.each([
    { kind: "basic", username: "u", password: "" },
    { ...OAUTH2, client_secret: "s" },
    { ...OAUTH2, client_secret: "", refresh_token: "r" },
    { ...AWS, access_key_id: "a", secret_access_key: "s" },
  ])("is one credential named default: %j", (auth) => {
    expect(upstreamOf({ auth })?.credentials).toEqual([
      { name: "default", project: null, apiKey: "" },
    ]);
  });

  test.each([
    { kind: "basic", username: "", password: "" },
    { ...OAUTH2, client_secret: "" },
    { ...OAUTH2, client_secret: "", refresh_token: "" },
    { ...AWS, access_key_id: "a", secret_access_key: "" },
  ])("is none where its secrets are empty: %j", (auth) => {
    expect(upstreamOf({ auth })?.credentials).toEqual([]);
  });

  test("can be named by tenants and limits", () => {
    const loaded = loadConfig({
      object: {
        tenants: { acme: { credentials: ["default"] } },
        upstreams: {
          it: {
            dialect: "generic",
            base_url: "https://api.example.com",
            auth: { kind: "basic", username: "u", password: "p" },
            limits: [{ rpm: 1, key: "default" }],
          },
        },
      },
      env: {},
    });
    expect(loaded).toMatchObject({ ok: true });
  });

  test("an OAuth 2 endpoint is kept as it is written", () => {
    expect(
      upstreamOf({ auth: { ...OAUTH2, client_secret: "s", refresh_token: "r" } })?.auth,
    ).toEqual({
      kind: "oauth2",
      tokenUrl: "https://a.example/token/",
      clientId: "c",
      clientSecret: "s",
      refreshToken: "r",
      clientAuth: "body",
      scopes: [],
    });
  });

  test("never shows in a message", () => {
    const auth = { kind: "basic", username: ["sk-live"], password: { a: "sk-live" } };
    const oauth2 = { ...OAUTH2, client_secret: ["sk-live"], refresh_token: 17 };
    for (const wrong of [auth, oauth2, { ...auth, username: "sk-live\u0000" }]) {
      const problems = problemsOf({ auth: wrong });
      expect(problems).not.toEqual([]);
      expect(JSON.stringify(problems)).not.toContain("sk-live");
      expect(JSON.stringify(problems)).not.toContain("17");
    }
  });
});

describe("a key file", () => {
  const text = (path: string) =>
    `upstreams:\n  it:\n    dialect: vertex\n    base_url: https://a.example\n    auth:\n      kind: google-service-account\n      key_file: ${path}\n`;

  test("is read from the configuration's folder, once", () => {
    mkdirSync(join(folder, "keys"));
    writeFileSync(join(folder, "keys", "a.json"), JSON.stringify(KEY));
    const loaded = loadFile(text("keys/a.json"));
    expect(loaded.ok && loaded.config.upstreams.get("it")?.auth).toEqual({
      kind: "google-service-account",
      account: {
        clientEmail: KEY.client_email,
        privateKey: KEY.private_key,
        keyId: null,
        tokenUrl: KEY.token_uri,
      },
      scopes: ["https://www.googleapis.com/auth/cloud-platform"],
    });
  });

  test.each<[string, string | null, string]>([
    ["missing", null, "no such file"],
    ["text", "s3cret", "a file that is not JSON"],
    ["another", JSON.stringify({ ...KEY, type: "authorized_user" }), "a key of another type"],
    ["list", "[]", "a key of another type"],
    ["null", "null", "a key of another type"],
    [
      "no-email",
      JSON.stringify({ ...KEY, client_email: "" }),
      "a service account's key without a valid client_email",
    ],
    [
      "no-key",
      JSON.stringify({ ...KEY, private_key: "s3cret" }),
      "a service account's key without a valid private_key",
    ],
    [
      "elliptic",
      JSON.stringify({ ...KEY, private_key: pem(elliptic) }),
      "a service account's key without a valid private_key",
    ],
    [
      "no-url",
      JSON.stringify({ ...KEY, token_uri: "file:///x" }),
      "a service account's key without a valid token_uri",
    ],
  ])(
    "that is wrong (%s) is told with its line, and nothing of what it holds",
    (name, content, found) => {
      if (content !== null) writeFileSync(join(folder, `${name}.json`), content);
      const loaded = loadFile(text(`${name}.json`));
      expect(loaded.ok ? [] : loaded.problems).toEqual([
        {
          file: join(folder, "sluice.yaml"),
          line: 7,
          field: "upstreams.it.auth.key_file",
          found: `"${name}.json", ${found}`,
          expected:
            "the path of a Google service account's JSON key, from the configuration's folder",
        },
      ]);
    },
  );
});

describe("an address", () => {
  const basic = (password: string) => ({ kind: "basic", username: "any", password });

  test.each([
    ["https://a.example/v1/?k=1", "https://a.example/v1?k=1"],
    ["https://a.example/?", "https://a.example"],
    ["https://{dc}.a.example/{dc}/", "https://{dc}.a.example/{dc}"],
  ])("%s is kept as %s", (base_url, kept) => {
    expect(upstreamOf({ base_url })?.baseUrl).toBe(kept);
  });

  test.each(["https://a.example/#x", "https://u:p@a.example", "ftp://a.example", "{dc}"])(
    "%s is none",
    (base_url) => {
      expect(problemsOf({ base_url })).toMatchObject([{ field: "upstreams.it.base_url" }]);
    },
  );

  test("of Mailchimp without a data centre has a place for it", () => {
    const base_url = "https://api.mailchimp.com/3.0";
    const kept = "https://{dc}.api.mailchimp.com/3.0";
    const auth = basic("k-us21");
    expect(upstreamOf({ dialect: "mailchimp", base_url, auth })?.baseUrl).toBe(kept);
    expect(upstreamOf({ base_url })?.baseUrl).toBe(base_url);
  });

  test.each<[string, object]>([
    ["auth.password", { auth: basic("k") }],
    ["api_key", { api_key: "k" }],
    ["auth.token", { auth: { kind: "bearer", token: "k-21" } }],
    [
      "credentials[1].api_key",
      {
        credentials: [
          { name: "a", api_key: "k-us1" },
          { name: "b", api_key: "k" },
        ],
      },
    ],
  ])("with a data centre needs a key that names it: %s", (field, upstream) => {
    expect(problemsOf({ base_url: "https://{dc}.a.example", ...upstream })).toEqual([
      {
        field: `upstreams.it.${field}`,
        found: "a text (hidden)",
        expected: "a key that ends in its data centre, such as -us21, which base_url needs",
      },
    ]);
  });

  test("with a data centre has none from a token", () => {
    const auth = { ...OAUTH2, client_secret: "s" };
    expect(problemsOf({ base_url: "https://{dc}.a.example", auth })).toMatchObject([
      {
        field: "upstreams.it.base_url",
        expected: "an address with its data centre: auth of kind oauth2 does not tell it",
      },
    ]);
  });

  test("with a data centre may leave it to the client's key", () => {
    expect(problemsOf({ base_url: "https://{dc}.a.example", api_key: "" })).toEqual([]);
  });
});
