/** Fixed credentials through a gateway: in a header, the query or as HTTP basic, and addresses that a key completes. */
import { describe, expect, test } from "vitest";
import { createSluice } from "../../../src/index.ts";
import { chat, pause, post, startTestGateway } from "../../support/gateway.ts";
import { answerJson, startUpstream } from "../../support/gateway-upstream.ts";

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** What arrives for one request: the address, and the headers that may carry a credential. */
async function arriving(
  upstream: object,
  path: string,
  init: RequestInit = {},
  base = "",
): Promise<{ status: number; url: string; credentials: object }> {
  await using provider = await startUpstream();
  const base_url = provider.url + base;
  await using gateway = await startTestGateway({ upstreams: { it: { base_url, ...upstream } } });
  const { status } = await fetch(`${gateway.url}/it${path}`, init);
  const [received] = provider.received;
  const { authorization, "x-api-key": apiKey, "api-key": azure, "x-own": own } = received.headers;
  const all = { authorization, "x-api-key": apiKey, "api-key": azure, "x-own": own };
  const credentials = JSON.parse(JSON.stringify(all));
  return { status, url: received.url, credentials };
}

describe("a fixed credential", () => {
  const generic = { dialect: "generic" };

  test.each<[string, object, string, string, object]>([
    ["bearer", { kind: "bearer", token: "k" }, "/x", "/x", { authorization: "Bearer k" }],
    ["header", { kind: "header", name: "X-Own", token: "k" }, "/x", "/x", { "x-own": "k" }],
    ["query", { kind: "query", name: "api_secret", token: "k&1" }, "/x", "/x?api_secret=k%261", {}],
    [
      "query beside the client's, whose own is dropped",
      { kind: "query", name: "key", token: "k" },
      "/x?a=1&key=mine&b=%20&%6bey=mine",
      "/x?a=1&b=%20&key=k",
      {},
    ],
    [
      "basic",
      { kind: "basic", username: "me", password: "pä:ss" },
      "/x",
      "/x",
      { authorization: basic("me", "pä:ss") },
    ],
    [
      "basic without a password",
      { kind: "basic", username: "sk", password: "" },
      "/x",
      "/x",
      { authorization: basic("sk", "") },
    ],
  ])("travels as %s", async (_name, auth, path, url, credentials) => {
    const headers = { authorization: "Bearer mine", "x-api-key": "mine" };
    expect(await arriving({ ...generic, auth }, path, { headers })).toEqual({
      status: 200,
      url,
      credentials,
    });
  });

  test("of ours keeps a Google client's own out of the query, too", async () => {
    const google = { dialect: "gemini", api_key: "ours" };
    const path = "/v1beta/models?pageSize=5&key=mine";
    expect((await arriving(google, path)).url).toBe("/v1beta/models?pageSize=5");
    expect((await arriving({ dialect: "gemini" }, path)).url).toBe(path);
  });

  test("that is empty is none: the client's own is passed on", async () => {
    const auth = { kind: "basic", username: "", password: "" };
    const headers = { authorization: "Bearer mine" };
    expect(await arriving({ ...generic, auth }, "/x", { headers })).toMatchObject({
      credentials: { authorization: "Bearer mine" },
    });
  });

  test("that is replaced in mid-run is noticed by nobody", async () => {
    const good = new Set([basic("me", "old")]);
    await using provider = await startUpstream(async (response, { headers }) => {
      await pause(2);
      answerJson(response, good.has(headers.authorization ?? "") ? 200 : 401, {});
    });
    const configWith = (password: string) => ({
      upstreams: {
        it: {
          dialect: "generic",
          base_url: provider.url,
          auth: { kind: "basic", username: "me", password },
        },
      },
    });
    await using gateway = await startTestGateway(configWith("old"));
    const call = () => fetch(`${gateway.url}/it/x`).then(({ status }) => status);
    const before = Array.from({ length: 20 }, call);
    good.add(basic("me", "new"));
    gateway.reload(configWith("new"));
    await Promise.all(before);
    good.delete(basic("me", "old"));
    const all = await Promise.all([...before, ...Array.from({ length: 20 }, call)]);
    expect(all).toEqual(all.map(() => 200));
  });
});

test("several keys of one upstream go to the tenants that may use them", async () => {
  await using provider = await startUpstream();
  await using gateway = await startTestGateway({
    server: { trust_headers: true },
    tenants: { a: { credentials: ["one"] }, b: { credentials: ["two"] } },
    upstreams: {
      it: {
        dialect: "generic",
        base_url: provider.url,
        auth: { kind: "query", name: "key" },
        credentials: [
          { name: "one", api_key: "k1" },
          { name: "two", project: "p", api_key: "k2" },
        ],
      },
    },
  });
  for (const tenant of ["a", "b"]) {
    await fetch(`${gateway.url}/it/x`, { headers: { "x-sluice-tenant": tenant } });
  }
  expect(provider.received.map(({ url }) => url)).toEqual(["/x?key=k1", "/x?key=k2"]);
});

describe("Azure's API version", () => {
  const azure = { dialect: "azure-openai", api_key: "k" };
  const base = "/openai/deployments/gpt";

  test.each([
    ["the dialect's where none is told", base, "", "?api-version=2024-10-21"],
    ["that of the base URL", `${base}?api-version=2025-01-01`, "", "?api-version=2025-01-01"],
    ["the request's", `${base}?api-version=2025-01-01`, "?api-version=x&y=1", "?api-version=x&y=1"],
    ["none below /openai/v1", "/openai/v1", "", ""],
  ])("is %s", async (_what, written, query, expected) => {
    const init = { method: "POST", headers: { "content-type": "application/json" } };
    const body = JSON.stringify(chat());
    const path = `/chat/completions${query}`;
    const arrived = await arriving(azure, path, { ...init, body }, written);
    expect(arrived).toEqual({
      status: 200,
      url: `${written.split("?")[0]}/chat/completions${expected}`,
      credentials: { "api-key": "k" },
    });
  });

  test("and an OpenAI client's /v1 has no place below a deployment", async () => {
    await using provider = await startUpstream();
    const upstreams = { azure: { ...azure, base_url: provider.url + base } };
    await using gateway = await startTestGateway({ upstreams });
    await post(`${gateway.url}/v1/chat/completions`, chat());
    expect(provider.received[0].url).toBe(`${base}/chat/completions?api-version=2024-10-21`);
  });
});

describe("Mailchimp's data centre", () => {
  const auth = { kind: "basic", username: "any", password: "0123-us21" };
  const dialect = "mailchimp";

  test("comes from the key's suffix", async () => {
    expect(await arriving({ dialect, auth }, "/lists", {}, "/{dc}/3.0")).toEqual({
      status: 200,
      url: "/us21/3.0/lists",
      credentials: { authorization: basic("any", "0123-us21") },
    });
  });

  test.each([
    ["a bearer", "Bearer 0123-us7"],
    ["HTTP basic", basic("any", "0123-us7")],
  ])("comes from the client's own key as %s where there is no other", async (_form, value) => {
    const headers = { authorization: value };
    const arrived = await arriving({ dialect }, "/lists", { headers }, "/{dc}/3.0");
    expect(arrived.url).toBe("/us7/3.0/lists");
  });

  test.each(["evil.example/-us1/../x", "0123", "0123-us21.evil.example"])(
    "is never anything else: %s",
    async (key) => {
      await using provider = await startUpstream();
      const base_url = `${provider.url}/{dc}/3.0`;
      await using gateway = await startTestGateway({ upstreams: { it: { dialect, base_url } } });
      const headers = { authorization: `Bearer ${key}` };
      const response = await fetch(`${gateway.url}/it/lists`, { headers });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain("names no data centre");
      expect(provider.received).toEqual([]);
    },
  );

  test("is filled in by the library for addresses with it and without", async () => {
    const asked: string[] = [];
    const send = async (input: string | URL) => {
      asked.push(String(input));
      return new Response("{}");
    };
    const base_url = "https://api.mailchimp.com/3.0";
    const config = { upstreams: { it: { dialect, base_url, auth } } };
    const sluice = await createSluice({ config, env: {}, fetch: send });
    await sluice.fetch("https://api.mailchimp.com/3.0/ping");
    await sluice.fetch("https://us21.api.mailchimp.com/3.0/ping");
    expect(asked).toEqual(Array(2).fill("https://us21.api.mailchimp.com/3.0/ping"));
    await expect(sluice.fetch("https://us21.evil.mailchimp.com/3.0/ping")).rejects.toThrow(
      "no upstream's base_url covers",
    );
    await sluice.close();
  });
});
