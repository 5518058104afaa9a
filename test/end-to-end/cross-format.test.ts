/** Cross-format: OpenAI's SDK served by an Anthropic upstream, and the reverse, through the gateway. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { INSTANT, type MockServer, startMock } from "../../src/mock/index.ts";
import { message, post, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startUpstream } from "../support/gateway-upstream.ts";

const PARAMETERS = {
  type: "object" as const,
  properties: { city: { type: "string" } },
  required: ["city"],
};
const MESSAGES = [{ role: "user" as const, content: "Please use the tool" }];

let mocks: MockServer[];
let gateway: TestGateway;

beforeAll(async () => {
  const [openai, anthropic] = await Promise.all([
    startMock({ dialect: "openai", latency: INSTANT }),
    startMock({ dialect: "anthropic", latency: INSTANT }),
  ]);
  mocks = [openai, anthropic];
  const limits = [{ rpm: 10_000 }];
  gateway = await startTestGateway({
    upstreams: {
      openai: { dialect: "openai", base_url: `${openai.url}/v1`, api_key: "sk-ours", limits },
      claude: { dialect: "anthropic", base_url: anthropic.url, api_key: "sk-ours", limits },
    },
    models: {
      "by-claude": [{ upstream: "claude", model: "claude-sonnet-4-5" }],
      "by-openai": [{ upstream: "openai", model: "gpt-5" }],
      both: [
        { upstream: "claude", model: "claude-sonnet-4-5" },
        { upstream: "openai", model: "gpt-5" },
      ],
      lower: [
        { upstream: "claude", model: "claude-sonnet-4-5", quality: 0.9 },
        { upstream: "openai", model: "gpt-5-mini", quality: 0.6 },
      ],
    },
  });
});

afterAll(async () => {
  await gateway.close();
  for (const mock of mocks) await mock.close();
});

const openai = () => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "any", maxRetries: 0 });
const anthropic = () => new Anthropic({ baseURL: gateway.url, apiKey: "any", maxRetries: 0 });

describe.each(["by-claude", "claude/claude-sonnet-4-5", "claude-sonnet-4-5"])(
  "OpenAI's SDK, model %s",
  (model) => {
    const tools = [
      { type: "function" as const, function: { name: "weather", parameters: PARAMETERS } },
    ];

    test("gets a whole answer with usage", async () => {
      const { data, response } = await openai()
        .chat.completions.create({ model, messages: [{ role: "user", content: "Hello" }] })
        .withResponse();
      expect(data.object).toBe("chat.completion");
      expect(data.choices[0].message.content).toEqual(expect.any(String));
      expect(data.choices[0].finish_reason).toBe("stop");
      expect(data.usage?.total_tokens).toBeGreaterThan(0);
      expect(response.headers.get("x-sluice-upstream")).toBe("claude");
    });

    test("gets a stream, with usage only if it asks for it", async () => {
      for (const include_usage of [false, true]) {
        const stream = await openai().chat.completions.create({
          model,
          messages: [{ role: "user", content: "Hello" }],
          stream: true,
          stream_options: { include_usage },
        });
        let text = "";
        let usage = 0;
        for await (const chunk of stream) {
          text += chunk.choices[0]?.delta.content ?? "";
          usage += chunk.usage?.total_tokens ?? 0;
        }
        expect(text).not.toBe("");
        expect(usage > 0).toBe(include_usage);
      }
    });

    test("gets tool calls, whole and streamed, and their results go back", async () => {
      const request = { model, messages: MESSAGES, tools, tool_choice: "required" as const };
      const whole = await openai().chat.completions.create(request);
      const [call] = whole.choices[0].message.tool_calls ?? [];
      if (call?.type !== "function") throw new Error("no tool was called");
      expect([call.function.name, whole.choices[0].finish_reason]).toEqual([
        "weather",
        "tool_calls",
      ]);
      expect(JSON.parse(call.function.arguments)).toHaveProperty("city");
      const streamed = await openai().chat.completions.stream(request).finalChatCompletion();
      expect(streamed.choices[0].message.tool_calls?.[0]).toMatchObject({ type: "function" });
      const after = await openai().chat.completions.create({
        model,
        tools,
        messages: [
          ...MESSAGES,
          whole.choices[0].message,
          { role: "tool", tool_call_id: call.id, content: "Sunny" },
        ],
      });
      expect(after.choices[0].finish_reason).toEqual(expect.any(String));
    });

    test("is told what cannot be translated", async () => {
      const request = openai().chat.completions.create({
        model,
        messages: MESSAGES,
        logprobs: true,
      });
      await expect(request).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining("logprobs"),
      });
    });
  },
);

describe("Anthropic's SDK", () => {
  const tools = [{ name: "weather", input_schema: PARAMETERS }];
  const request = { model: "by-openai", max_tokens: 100, messages: MESSAGES };

  test("gets a whole answer and a stream", async () => {
    const whole = await anthropic().messages.create(request);
    expect(whole.content[0]).toMatchObject({ type: "text" });
    expect(whole.usage.output_tokens).toBeGreaterThan(0);
    const streamed = await anthropic().messages.stream(request).finalMessage();
    expect(streamed.content[0]).toMatchObject({ type: "text" });
    expect(streamed.usage.output_tokens).toBeGreaterThan(0);
  });

  test("gets tool calls, whole and streamed", async () => {
    const asked = { ...request, tools, tool_choice: { type: "any" as const } };
    const whole = await anthropic().messages.create(asked);
    expect(whole.stop_reason).toBe("tool_use");
    expect(whole.content).toContainEqual(
      expect.objectContaining({ type: "tool_use", name: "weather", input: expect.any(Object) }),
    );
    const streamed = await anthropic().messages.stream(asked).finalMessage();
    expect(streamed.content).toContainEqual(expect.objectContaining({ type: "tool_use" }));
  });
});

test("what one candidate cannot be asked goes to the other", async () => {
  const { response } = await openai()
    .chat.completions.create({ model: "both", messages: MESSAGES, logprobs: true })
    .withResponse();
  expect(response.headers.get("x-sluice-upstream")).toBe("openai");
});

test("what the best cannot be asked goes to the best that can, never below the quality asked for", async () => {
  const ask = (quality: string) =>
    openai()
      .chat.completions.create(
        { model: "lower", messages: MESSAGES, logprobs: true },
        { headers: { "x-sluice-min-quality": quality } },
      )
      .withResponse();
  const { headers } = (await ask("0.5")).response;
  expect(headers.get("x-sluice-model")).toBe("gpt-5-mini");
  expect(headers.get("x-sluice-fallback")).toBe("none");
  await expect(ask("0.8")).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining("logprobs"),
  });
});

test("a server that refuses newer fields of OpenAI's gets the older ones", async () => {
  await using server = await startUpstream();
  const upstream = { dialect: "mistral", base_url: `${server.url}/v1`, api_key: "k" };
  await using house = await startTestGateway({
    upstreams: { mistral: { ...upstream, limits: [{ rpm: 10_000 }] } },
  });
  await post(
    `${house.url}/v1/messages`,
    message({ model: "mistral/large", stream: true, metadata: { sluice_tags: "a" } }),
  );
  expect(JSON.parse(String(server.received[0].body))).toEqual({
    model: "large",
    messages: message().messages,
    max_tokens: 50,
    stream: true,
  });
});

test("an id that a double cannot hold comes through aliases and translation as it was", async () => {
  const ID = "1234567890123456789";
  const called = `{"id":"t1","type":"tool_use","name":"f","input":{"id":${ID}}}`;
  const completion = JSON.stringify({
    choices: [
      {
        message: {
          tool_calls: [{ id: "t1", function: { name: "f", arguments: `{"id":${ID}}` } }],
        },
        finish_reason: "tool_calls",
      },
    ],
  });
  await using server = await startUpstream((response, { url }) => {
    response.writeHead(200, { "content-type": "application/json" });
    const message = `{"type":"message","content":[${called}],"stop_reason":"tool_use"}`;
    response.end(url.endsWith("/messages") ? message : completion);
  });
  const upstream = { api_key: "k", limits: [{ rpm: 10_000 }] };
  await using house = await startTestGateway({
    upstreams: {
      openai: { dialect: "openai", base_url: `${server.url}/v1`, ...upstream },
      claude: { dialect: "anthropic", base_url: server.url, ...upstream },
    },
    models: {
      "by-openai": [{ upstream: "openai", model: "gpt-5" }],
      "by-claude": [{ upstream: "claude", model: "claude-sonnet-4-5" }],
    },
  });
  const user = '{"role":"user","content":"Hi"}';
  const calls = `[${user},{"role":"assistant","content":[${called}]},${user}]`;
  const tools = '[{"name":"f","input_schema":{"type":"object"}}]';
  for (const model of ["by-openai", "by-claude"]) {
    const body = `{"model":"${model}","max_tokens":9,"tools":${tools},"messages":${calls}}`;
    const answer = await fetch(`${house.url}/v1/messages`, { method: "POST", body });
    expect(await answer.text()).toMatch(`"input":{"id":${ID}}`);
    expect(String(server.received.at(-1)?.body)).toContain(ID);
  }
  const body = `{"model":"by-claude","messages":[${user}]}`;
  const answer = await fetch(`${house.url}/v1/chat/completions`, { method: "POST", body });
  expect(await answer.text()).toContain(`"arguments":"{\\"id\\":${ID}}"`);
});

test.each([
  ["/v1/responses", { input: "Hi" }, "openai"],
  ["/v1/embeddings", { input: "Hi" }, "openai"],
  ["/v1/completions", { prompt: "Hi" }, "openai"],
  ["/v1/images/generations", { prompt: "Hi" }, "openai"],
  ["/v1/messages/count_tokens", { messages: MESSAGES }, "claude"],
])(
  "%s, which is not translated, goes to a candidate of its own format alone",
  async (path, body, name) => {
    await using server = await startUpstream();
    const upstream = { base_url: server.url, api_key: "k", limits: [{ rpm: 10_000 }] };
    const claude = { upstream: "claude", model: "claude-sonnet-4-5" };
    const gpt = { upstream: "openai", model: "gpt-5" };
    await using house = await startTestGateway({
      upstreams: {
        claude: { dialect: "anthropic", ...upstream },
        openai: { dialect: "openai", ...upstream },
      },
      models: {
        one: [claude, gpt],
        other: [gpt, claude],
        foreign: [name === "claude" ? gpt : claude],
      },
    });
    for (const model of ["one", "other"]) {
      const answer = await post(house.url + path, { model, ...body });
      expect(answer.headers.get("x-sluice-upstream")).toBe(name);
    }
    expect((await post(house.url + path, { model: "foreign", ...body })).status).toBe(400);
    expect(server.received.length).toBe(2);
  },
);
