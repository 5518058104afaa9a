/** Translation: the official SDKs read answers and streams of a provider that speaks the other format. */
import Anthropic, { RateLimitError as AnthropicRateLimitError } from "@anthropic-ai/sdk";
import OpenAI, { BadRequestError, RateLimitError } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { INSTANT, type MockServer, startMock } from "../../src/mock/index.ts";
import { serializeEvent } from "../../src/translate/translation.ts";
import { startUpstream, type TestUpstream } from "../support/gateway-upstream.ts";
import { anthropicEvents, openAiChunks } from "../support/translated-streams.ts";
import { startBridge } from "../support/translating-bridge.ts";

const PARAMETERS = {
  type: "object" as const,
  properties: { city: { type: "string", enum: ["Berlin"] } },
  required: ["city"],
};
const CALL_TOOL = [{ role: "user" as const, content: "Please use the tool" }];
const HELLO = [{ role: "user" as const, content: "Hello" }];

let mock: MockServer;
let bridge: TestUpstream;

function openAiClient(url = bridge.url): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 0 });
}

function anthropicClient(url = bridge.url): Anthropic {
  return new Anthropic({ baseURL: url, apiKey: "k", maxRetries: 0 });
}

describe("OpenAI's SDK with an Anthropic provider", () => {
  const tools = [
    { type: "function" as const, function: { name: "weather", parameters: PARAMETERS } },
  ];
  const request = { model: "smart", messages: HELLO };

  beforeAll(async () => {
    mock = await startMock({ dialect: "anthropic", latency: INSTANT });
    bridge = await startBridge("openai-chat", "anthropic-messages", mock.url, "claude-sonnet-4-5");
  });

  afterAll(async () => {
    await bridge[Symbol.asyncDispose]();
    await mock.close();
  });

  test("gets a whole answer with usage", async () => {
    const answer = await openAiClient().chat.completions.create(request);
    expect(answer.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { role: "assistant", content: expect.stringMatching(/\w/) },
    });
    const { prompt_tokens, completion_tokens, total_tokens } = answer.usage!;
    expect(prompt_tokens).toBeGreaterThan(0);
    expect(total_tokens).toBe(prompt_tokens + completion_tokens);
    expect(answer.model).toBe("claude-sonnet-4-5");
  });

  test("streams, and its helper puts together what the whole answer has", async () => {
    const wanted = { ...request, stream_options: { include_usage: true } };
    const stream = openAiClient().chat.completions.stream(wanted);
    const answer = await stream.finalChatCompletion();
    expect(answer.choices[0].finish_reason).toBe("stop");
    expect(answer.choices[0].message.content).toMatch(/\w/);
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0);
  });

  test("calls a tool, whole and streamed, and goes on with its result", async () => {
    const asked = { ...request, messages: CALL_TOOL, tools };
    const { message } = (await openAiClient().chat.completions.create(asked)).choices[0];
    const streamed = await openAiClient().chat.completions.stream(asked).finalChatCompletion();
    for (const one of [message, streamed.choices[0].message]) {
      expect(one.tool_calls).toMatchObject([
        { type: "function", function: { name: "weather", arguments: '{"city":"Berlin"}' } },
      ]);
    }
    const tool = {
      role: "tool" as const,
      tool_call_id: message.tool_calls![0].id,
      content: "sunny",
    };
    const messages = [...CALL_TOOL, message, tool];
    const next = await openAiClient().chat.completions.create({ ...request, messages, tools });
    expect(next.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { role: "assistant" },
    });
  });

  test("is told by `length` that its max_tokens were not enough", async () => {
    const answer = await openAiClient().chat.completions.create({ ...request, max_tokens: 1 });
    expect(answer.choices[0].finish_reason).toBe("length");
  });

  test("gets its own error classes for refusals, and a reason for what is not translated", async () => {
    mock.addFault({ kind: "status", status: 429, count: 1 });
    const limited = await openAiClient()
      .chat.completions.create(request)
      .catch((error) => error);
    expect(limited).toBeInstanceOf(RateLimitError);
    const two = await openAiClient()
      .chat.completions.create({ ...request, n: 2 })
      .catch((error) => error);
    expect(two).toBeInstanceOf(BadRequestError);
    expect(two.message).toContain('"field":"n"');
  });

  test("reads parallel calls out of a stream with thoughts", async () => {
    const message = {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude",
      content: [
        { type: "thinking", thinking: "hm", signature: "s" },
        { type: "text", text: "Let me see." },
        { type: "tool_use", id: "a", name: "weather", input: { city: "Rome" } },
        { type: "tool_use", id: "b", name: "now", input: {} },
      ],
      stop_reason: "tool_use",
      usage: { input_tokens: 3, output_tokens: 9, cache_read_input_tokens: 4 },
    };
    await using provider = await startProvider(
      anthropicEvents(message, [2, 5]).map(serializeEvent),
    );
    await using own = await startBridge(
      "openai-chat",
      "anthropic-messages",
      provider.url,
      "claude",
    );
    const wanted = { ...request, stream_options: { include_usage: true } };
    const answer = await openAiClient(own.url)
      .chat.completions.stream(wanted)
      .finalChatCompletion();
    expect(answer.choices[0].message).toMatchObject({
      content: "Let me see.",
      tool_calls: [
        { id: "a", function: { name: "weather", arguments: '{"city":"Rome"}' } },
        { id: "b", function: { name: "now", arguments: "{}" } },
      ],
    });
    expect(answer.usage).toMatchObject({
      prompt_tokens: 7,
      completion_tokens: 9,
      prompt_tokens_details: { cached_tokens: 4 },
    });
  });
});

/** Answers every request with these events. */
function startProvider(events: readonly string[]): Promise<TestUpstream> {
  return startUpstream((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(events.join(""));
  });
}

describe("Anthropic's SDK with an OpenAI provider", () => {
  const tools = [{ name: "weather", input_schema: PARAMETERS }];
  const request = { model: "smart", max_tokens: 1_000, messages: HELLO };

  beforeAll(async () => {
    mock = await startMock({ dialect: "openai", latency: INSTANT });
    bridge = await startBridge("anthropic-messages", "openai-chat", mock.url, "gpt-5");
  });

  afterAll(async () => {
    await bridge[Symbol.asyncDispose]();
    await mock.close();
  });

  test("gets a whole answer with usage", async () => {
    const answer = await anthropicClient().messages.create(request);
    expect(answer).toMatchObject({
      type: "message",
      role: "assistant",
      stop_reason: "end_turn",
      content: [{ type: "text", text: expect.stringMatching(/\w/) }],
    });
    expect(answer.usage.output_tokens).toBeGreaterThan(0);
  });

  test("streams, and its helper puts together what the whole answer has", async () => {
    const answer = await anthropicClient().messages.stream(request).finalMessage();
    expect(answer).toMatchObject({ stop_reason: "end_turn", content: [{ type: "text" }] });
    expect(answer.usage.input_tokens).toBeGreaterThan(0);
    expect(answer.usage.output_tokens).toBeGreaterThan(0);
  });

  test("calls a tool, whole and streamed, and goes on with its result", async () => {
    const asked = { ...request, messages: CALL_TOOL, tools };
    const whole = await anthropicClient().messages.create(asked);
    const streamed = await anthropicClient().messages.stream(asked).finalMessage();
    for (const one of [whole, streamed]) {
      expect(one).toMatchObject({
        stop_reason: "tool_use",
        content: [{ type: "tool_use", name: "weather", input: { city: "Berlin" } }],
      });
    }
    const [used] = whole.content;
    const tool_use_id = used.type === "tool_use" ? used.id : "";
    const result = { type: "tool_result" as const, tool_use_id, content: "sunny" };
    const messages = [
      ...CALL_TOOL,
      { role: "assistant" as const, content: whole.content },
      { role: "user" as const, content: [result] },
    ];
    const next = await anthropicClient().messages.create({ ...request, messages, tools });
    expect(next).toMatchObject({ stop_reason: "end_turn", content: [{ type: "text" }] });
  });

  test("gets its own error class for a refusal", async () => {
    mock.addFault({ kind: "status", status: 429, count: 1 });
    const limited = await anthropicClient()
      .messages.create(request)
      .catch((error) => error);
    expect(limited).toBeInstanceOf(AnthropicRateLimitError);
  });

  test("is told of an error in mid-stream", async () => {
    mock.addFault({ kind: "error-in-stream", afterTokens: 1, count: 1 });
    const failed = await anthropicClient()
      .messages.stream(request)
      .finalMessage()
      .catch((error) => error);
    expect(failed).toBeInstanceOf(Anthropic.APIError);
  });

  test("reads parallel calls out of a stream", async () => {
    const call = (id: string, name: string, input: string) => {
      return { id, type: "function", function: { name, arguments: input } };
    };
    const tool_calls = [call("a", "weather", '{"city":"Rome"}'), call("b", "now", "{}")];
    const message = { role: "assistant", content: "Let me see.", tool_calls };
    const completion = {
      id: "c1",
      model: "gpt",
      choices: [{ index: 0, message, finish_reason: "tool_calls" }],
      usage: {
        prompt_tokens: 7,
        completion_tokens: 9,
        prompt_tokens_details: { cached_tokens: 4 },
      },
    };
    await using provider = await startProvider(
      openAiChunks(completion, [2, 5]).map(serializeEvent),
    );
    await using own = await startBridge("anthropic-messages", "openai-chat", provider.url, "gpt");
    const answer = await anthropicClient(own.url).messages.stream(request).finalMessage();
    expect(answer).toMatchObject({
      stop_reason: "tool_use",
      content: [
        { type: "text", text: "Let me see." },
        { type: "tool_use", id: "a", name: "weather", input: { city: "Rome" } },
        { type: "tool_use", id: "b", name: "now", input: {} },
      ],
      usage: { input_tokens: 3, cache_read_input_tokens: 4, output_tokens: 9 },
    });
  });
});
