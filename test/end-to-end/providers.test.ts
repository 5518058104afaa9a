/** Providers: what a dialect knows reaches the wire: formats, credentials, errors under a success status. */
import { describe, expect, test } from "vitest";
import { atRest, chat, EXACT, post, startTestGateway } from "../support/gateway.ts";
import { attemptsOf } from "../support/gateway-provider.ts";
import { answerJson, type Handler, startUpstream } from "../support/gateway-upstream.ts";

async function start(dialect: string, handler: Handler) {
  const upstream = await startUpstream(handler);
  const gateway = await startTestGateway({
    policy: EXACT,
    upstreams: {
      it: { dialect, base_url: upstream.url, api_key: "k", limits: [{ rpm: 60_000 }] },
    },
  });
  const close = async () => {
    await gateway.close();
    await upstream[Symbol.asyncDispose]();
  };
  return { url: gateway.url, runtime: gateway.runtime, upstream, [Symbol.asyncDispose]: close };
}

const QUERY = { query: "{ shop { name } }" };
const cost = { requestedQueryCost: 12, actualQueryCost: 10 };
const THROTTLED = {
  errors: [{ message: "Throttled", extensions: { code: "THROTTLED" } }],
  extensions: {
    cost: { ...cost, throttleStatus: { currentlyAvailable: 2, restoreRate: 50 } },
  },
};

describe("an error under a success status", () => {
  test("is waited for like any other, and the client never sees it", async () => {
    let calls = 0;
    const done = { data: { shop: { name: "s" } }, extensions: { cost } };
    await using it = await start("shopify", (response) =>
      answerJson(response, 200, calls++ === 0 ? THROTTLED : done),
    );
    const answer = await post(`${it.url}/it/graphql.json`, QUERY);
    expect(attemptsOf(answer)).toBe(2);
    expect(await answer.json()).toEqual(done);
    await atRest(it);
  });

  test("that is the caller's own goes to the caller as it came", async () => {
    const mistake = { errors: [{ message: "Field 'x' doesn't exist on type 'Shop'" }] };
    await using it = await start("shopify", (response) => answerJson(response, 200, mistake));
    const answer = await post(`${it.url}/it/graphql.json`, QUERY);
    expect([answer.status, attemptsOf(answer)]).toEqual([200, 1]);
    expect(await answer.json()).toEqual(mistake);
    await atRest(it);
  });

  test("does not keep back a success that is too large to be judged", async () => {
    const large = { data: "x".repeat(3_000_000) };
    await using it = await start("shopify", (response) => answerJson(response, 200, large));
    const answer = await post(`${it.url}/it/graphql.json`, QUERY);
    expect(await answer.json()).toEqual(large);
    await atRest(it);
  });
});

describe("a provider with OpenAI's API", () => {
  test("serves /v1 under its own name, and tells the usage of streams when asked", async () => {
    await using it = await start("groq", (response) => answerJson(response, 200, {}));
    const answer = await post(`${it.url}/v1/chat/completions`, chat({ stream: true }));
    expect([answer.status, answer.headers.get("x-sluice-upstream")]).toEqual([200, "it"]);
    await answer.text();
    const sent = JSON.parse(String(it.upstream.received[0].body));
    expect(sent.stream_options).toEqual({ include_usage: true });
  });
});

describe("a credential travels as the provider wants it", () => {
  test.each([
    ["azure-openai", { "api-key": "k" }],
    ["gemini", { "x-goog-api-key": "k" }],
    ["klaviyo", { authorization: "Klaviyo-API-Key k" }],
    ["shopify", { "x-shopify-access-token": "k" }],
    ["hubspot", { authorization: "Bearer k" }],
  ])("%s", async (dialect, headers) => {
    await using it = await start(dialect, (response) => answerJson(response, 200, {}));
    expect((await fetch(`${it.url}/it/things`)).status).toBe(200);
    expect(it.upstream.received[0].headers).toMatchObject(headers);
  });
});
