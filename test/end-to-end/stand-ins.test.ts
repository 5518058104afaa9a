/** Stand-ins: kept and degraded answers are given only in place of what they can stand for. */
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { chat, EXACT, message, post, startTestGateway, until } from "../support/gateway.ts";
import { answerJson, type Handler, startUpstream } from "../support/gateway-upstream.ts";

const LIMITS = [{ rpm: 10_000 }];

/** A gateway before one server in three roles, which answers as the test says, or with 503 once it is `down`. */
async function start(answer: Handler) {
  const state = { isDown: false };
  const upstream = await startUpstream((response, ...others) =>
    state.isDown ? answerJson(response, 503, {}) : answer(response, ...others),
  );
  const gateway = await startTestGateway({
    policy: EXACT,
    cache: { mode: "always" },
    retry: { attempts: 1 },
    breaker: { failures: 1_000 },
    upstreams: {
      openai: { dialect: "openai", base_url: `${upstream.url}/v1`, api_key: "k", limits: LIMITS },
      plain: { dialect: "generic", base_url: upstream.url, limits: LIMITS },
    },
    models: { smart: [{ upstream: "openai", model: "gpt-5" }] },
  });
  return Object.assign(state, {
    upstream,
    url: gateway.url,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream[Symbol.asyncDispose]();
    },
  });
}

const DEGRADE = { headers: { "x-sluice-fallback": "degrade" } };
const CACHED = { "x-sluice-fallback": "cached" };

test.each([
  ["/plain/threads/7/messages", { role: "user", content: "Hi" }],
  ["/plain/v1/messages", { type: "MESSAGE", text: "Hi" }],
  ["/plain/v1/responses", { pages: [] }],
  ["/openai/threads/t1/messages", { role: "user", content: "Hi" }],
])("what is posted to %s is not answered with a degraded chat", async (path, body) => {
  await using house = await start(() => {});
  house.isDown = true;
  expect((await post(house.url + path, body, DEGRADE)).status).toBe(503);
});

test("a message of a thread is no chat to be translated", async () => {
  await using house = await start((response) => answerJson(response, 200, { id: "msg_1" }));
  const path = "/v1/threads/t1/messages";
  const answer = await post(house.url + path, { role: "user", content: "Hi" });
  expect(answer.status).toBe(200);
  expect(house.upstream.received[0].url).toBe(path);
});

test("an answer that was compressed for one client is not kept for one that cannot read it", async () => {
  await using house = await start((response) => {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    response.end(gzipSync('{"a":1}'));
  });
  const get = (encoding: string) =>
    fetch(`${house.url}/plain/data`, { headers: { ...CACHED, "accept-encoding": encoding } });
  expect(await (await get("gzip")).json()).toEqual({ a: 1 });
  house.isDown = true;
  expect((await get("gzip")).headers.get("x-sluice-fallback")).toBe("cached");
  expect((await get("identity")).status).toBe(503);
});

test.each([
  ["a question", "/openai/responses", { input: "next" }, "cached"],
  ["a conversation", "/openai/responses", { input: "next", conversation: "c1" }, "none"],
  ["work in the background", "/openai/responses", { input: "next", background: true }, "none"],
  ["a post to another API", "/plain/contacts", { name: "Ann" }, "none"],
])("repeated, %s is answered anew unless it only asks", async (_what, path, body, fallback) => {
  await using house = await start((response) => answerJson(response, 200, {}));
  const send = () => post(house.url + path, { model: "gpt-5", ...body });
  await (await send()).text();
  expect((await send()).headers.get("x-sluice-fallback")).toBe(fallback);
});

test.each([
  ["Accept, Cookie", "cached"],
  ["x-view", "none"],
  ["*", "none"],
])("an answer that varies by %s is kept for the same headers only", async (vary, fallback) => {
  await using house = await start((response) => answerJson(response, 200, {}, { vary }));
  const get = (view: string) => fetch(`${house.url}/plain/data`, { headers: { "x-view": view } });
  await (await get("1")).text();
  expect((await get("2")).headers.get("x-sluice-fallback")).toBe(fallback);
});

test("an answer kept for any quality is none for a request that asks for more", async () => {
  await using house = await start((response) => answerJson(response, 200, {}));
  const send = (quality: string) => {
    const headers = { "x-sluice-min-quality": quality };
    return post(`${house.url}/v1/chat/completions`, chat({ model: "smart" }), { headers });
  };
  await (await send("0")).text();
  expect((await send("0")).headers.get("x-sluice-fallback")).toBe("cached");
  expect((await send("0.8")).headers.get("x-sluice-fallback")).toBe("none");
});

const CHUNK = {
  id: "c1",
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta: { content: "Hel" }, finish_reason: null }],
};
const STOP = { ...CHUNK, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
const ERROR = { error: { message: "boom", type: "server_error" } };

test.each([
  ["whole", [CHUNK, STOP, "[DONE]"], "cached"],
  ["broken by an error", [CHUNK, ERROR, "[DONE]"], "none"],
  ["cut before its end", [CHUNK], "none"],
])("a stream that is %s", async (_, events, fallback) => {
  await using house = await start((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of events) {
      response.write(`data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`);
    }
    response.end();
  });
  const fields = { model: "smart", stream: true };
  const asked = [
    () => post(`${house.url}/v1/chat/completions`, chat(fields), { headers: CACHED }),
    () => post(`${house.url}/v1/messages`, message(fields), { headers: CACHED }),
  ];
  for (const ask of asked) {
    house.isDown = false;
    const first = await (await ask()).text();
    house.isDown = true;
    const second = await ask();
    expect(second.headers.get("x-sluice-fallback")).toBe(fallback);
    expect(second.status).toBe(fallback === "cached" ? 200 : 503);
    if (fallback === "cached") expect(await second.text()).toBe(first);
  }
});

test.each([
  ["degrade", 200],
  ["smaller-model,queue,degrade", 200],
  ["smaller-model,queue", 504],
])("past the deadline, with %s, a provider that says nothing ends in %i", async (list, status) => {
  await using house = await start(() => {});
  const headers = { "x-sluice-fallback": list, "x-sluice-deadline-ms": "100" };
  const answer = await post(`${house.url}/v1/chat/completions`, chat({ model: "smart" }), {
    headers,
  });
  expect(answer.status).toBe(status);
  expect(answer.headers.get("x-sluice-fallback")).toBe(status === 200 ? "degrade" : "none");
  expect(house.upstream.received.length).toBe(1);
  await until(() => house.upstream.received[0].wasAborted, "the upstream is cut off");
});
