import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, test } from "vitest";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../../index.ts";

const MODEL = "claude-haiku-4-5";
const MESSAGES = [{ role: "user" as const, content: "Say something nice." }];
const TOOL = {
  name: "weather",
  input_schema: {
    type: "object" as const,
    properties: { city: { type: "string" }, days: { type: "number" } },
    required: ["city", "days"],
  },
};

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "anthropic", latency: INSTANT, ...options });
}

function clientOf(mock: MockServer, apiKey = "sk-ant-test"): Anthropic {
  return new Anthropic({ baseURL: mock.url, apiKey, maxRetries: 0 });
}

function wish(tokens: number, more: Record<string, string> = {}) {
  return { headers: { "x-mock-output-tokens": String(tokens), ...more } };
}

describe("messages", () => {
  test("answer with text, usage and an id", async () => {
    await using mock = await start();
    const request = { model: MODEL, max_tokens: 100, system: "Be nice", messages: MESSAGES };
    const message = await clientOf(mock).messages.create(request, wish(12));
    expect(message).toMatchObject({
      type: "message",
      stop_reason: "end_turn",
      usage: { input_tokens: 7, output_tokens: 12 },
    });
    expect(message.content).toMatchObject([
      { type: "text", text: expect.stringMatching(/^.{48}$/) },
    ]);
    expect(message._request_id).toMatch(/^req_/);
  });

  test("stream the documented sequence of events", async () => {
    await using mock = await start();
    const types: string[] = [];
    const stream = await clientOf(mock).messages.create(
      { model: MODEL, max_tokens: 5, messages: MESSAGES, stream: true },
      wish(2),
    );
    for await (const event of stream) types.push(event.type);
    expect(types).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]); // the SDK swallows the ping
  });

  test("end for max_tokens", async () => {
    await using mock = await start();
    const stream = clientOf(mock).messages.stream(
      { model: MODEL, max_tokens: 5, messages: MESSAGES },
      wish(9),
    );
    expect(await stream.finalMessage()).toMatchObject({
      stop_reason: "max_tokens",
      usage: { input_tokens: 5, output_tokens: 5 },
    });
  });

  test("use a tool when one is wanted, also in a stream", async () => {
    await using mock = await start();
    const { messages } = clientOf(mock);
    const use = [{ type: "tool_use", name: "weather", input: { city: "mock", days: 1 } }];
    const request = { model: MODEL, max_tokens: 10_000, messages: MESSAGES, tools: [TOOL] };
    const any = await messages.create({ ...request, tool_choice: { type: "any" } });
    expect(any).toMatchObject({ stop_reason: "tool_use", content: use });
    const named = messages.stream({ ...request, tool_choice: { type: "tool", name: "weather" } });
    expect(await named.finalMessage()).toMatchObject({ stop_reason: "tool_use", content: use });
    const asked = await messages.create({
      ...request,
      messages: [{ role: "user", content: "Use a tool" }],
    });
    expect(asked.stop_reason).toBe("tool_use");
    expect((await messages.create(request)).stop_reason).toBe("end_turn");
  });

  test("answer with text after the tool's result", async () => {
    await using mock = await start();
    const message = await clientOf(mock).messages.create({
      model: MODEL,
      max_tokens: 10_000,
      tools: [TOOL],
      messages: [
        { role: "user", content: "Use a tool" },
        {
          role: "assistant",
          content: [{ type: "tool_use", id: "t1", name: "weather", input: {} }],
        },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: "t1", content: "tool says: sun" }],
        },
      ],
    });
    expect(message.stop_reason).toBe("end_turn");
  });

  test("count tokens as they charge them, for free", async () => {
    await using mock = await start({ limits: { rpm: 10, itpm: 1_000 } });
    const { input_tokens } = await clientOf(mock).messages.countTokens({
      model: MODEL,
      messages: MESSAGES,
    });
    expect(input_tokens).toBe(5);
    expect(mock.stats().charged).toEqual({ rpm: 0, itpm: 0 });
  });
});

test("models are listed and found", async () => {
  await using mock = await start();
  const ids: string[] = [];
  for await (const model of clientOf(mock).models.list()) ids.push(model.id);
  expect(ids).toContain(MODEL);
  expect(await clientOf(mock).models.retrieve(MODEL)).toMatchObject({ id: MODEL, type: "model" });
});

describe("limits", () => {
  const ask = (mock: MockServer, tokens: number, more: Record<string, string> = {}) =>
    clientOf(mock).messages.create(
      { model: MODEL, max_tokens: 10_000, messages: MESSAGES },
      wish(tokens, more),
    );

  test("max_tokens plays no part: output is charged as produced, and may go below zero", async () => {
    await using mock = await start({ limits: { rpm: 1_000, itpm: 1_000_000, otpm: 60 } });
    await ask(mock, 1_000);
    const { charged, overrun } = mock.stats();
    expect(charged).toEqual({ rpm: 1, itpm: 5, otpm: 1_000 });
    expect(overrun.otpm).toBeGreaterThan(900);
    const error = await ask(mock, 1).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Anthropic.RateLimitError);
    const { headers, error: body } = error as InstanceType<typeof Anthropic.RateLimitError>;
    expect(body).toMatchObject({
      type: "error",
      error: { type: "rate_limit_error" },
      request_id: expect.stringMatching(/^req_/),
    });
    expect(JSON.stringify(body)).toContain("60 output tokens per minute");
    expect(Number(headers?.get("retry-after"))).toBeGreaterThan(800);
    expect(mock.stats().charged.rpm).toBe(1); // a refusal costs nothing
  });

  test("input is charged at the start; what came from the cache is given back", async () => {
    await using mock = await start({ limits: { itpm: 1_000 } });
    const message = await ask(mock, 1, { "x-mock-cached-tokens": "3" });
    expect(message.usage).toMatchObject({ input_tokens: 2, cache_read_input_tokens: 3 });
    expect(mock.stats().charged.itpm).toBe(2);
  });

  test("headers show what is configured", async () => {
    await using mock = await start({ limits: { rpm: 50, itpm: 20_000 } });
    const { response } = await clientOf(mock)
      .messages.create({ model: MODEL, max_tokens: 10, messages: MESSAGES })
      .withResponse();
    expect(response.headers.get("anthropic-ratelimit-requests-remaining")).toBe("49");
    expect(response.headers.get("anthropic-ratelimit-input-tokens-remaining")).toBe("20000");
    expect(response.headers.get("anthropic-ratelimit-requests-reset")).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
    );
    expect(response.headers.has("anthropic-ratelimit-output-tokens-limit")).toBe(false);
  });
});

describe("errors are typed by the SDK", () => {
  const errorOf = (mock: MockServer, request: object = {}, apiKey?: string) =>
    clientOf(mock, apiKey)
      .messages.create({ model: MODEL, max_tokens: 10, messages: MESSAGES, ...request } as never)
      .then(
        () => "no error",
        (error: unknown) => error,
      );

  test.each([
    [{ messages: undefined }, "messages: Field required"],
    [{ messages: "hello" }, "messages: Input should be a valid list"],
    [{ messages: [] }, "messages: at least one message is required"],
    [{ max_tokens: undefined }, "max_tokens: Field required"],
    [{ max_tokens: 0 }, "max_tokens: Input should be a valid integer greater than 0"],
    [{ model: undefined }, "model: Field required"],
    [{ metadata: { mock_fault: "explode" } }, "fault.kind must be one of"],
  ])("a bad request: %o", async (request, message) => {
    await using mock = await start();
    const error = await errorOf(mock, request);
    expect(error).toBeInstanceOf(Anthropic.BadRequestError);
    expect((error as Error).message).toContain(message);
  });

  test("an unknown model, a wrong key", async () => {
    await using mock = await start({ apiKeys: ["sk-right"] });
    expect(await errorOf(mock, { model: "missing-1" }, "sk-right")).toBeInstanceOf(
      Anthropic.NotFoundError,
    );
    expect(await errorOf(mock, {}, "sk-wrong")).toBeInstanceOf(Anthropic.AuthenticationError);
  });

  test("overload and credit", async () => {
    await using mock = await start();
    mock.addFault({ kind: "overload", count: 1 });
    mock.addFault({ kind: "billing", count: 1 });
    expect(await errorOf(mock)).toMatchObject({
      status: 529,
      error: { error: { type: "overloaded_error" } },
    });
    const error = await errorOf(mock);
    expect(error).toBeInstanceOf(Anthropic.BadRequestError);
    expect((error as Error).message).toContain("Your credit balance is too low");
  });

  test("an error in mid-stream, after the output that it had is charged", async () => {
    await using mock = await start({ limits: { otpm: 10_000 } });
    const stream = await clientOf(mock).messages.create(
      { model: MODEL, max_tokens: 100, messages: MESSAGES, stream: true },
      wish(50, { "x-mock-fault": "error-in-stream:7" }),
    );
    const types: string[] = [];
    const reading = (async () => {
      for await (const event of stream) types.push(event.type);
    })();
    await expect(reading).rejects.toMatchObject({ type: "overloaded_error" });
    expect(types[0]).toBe("message_start");
    expect(mock.stats().charged.otpm).toBe(7);
  });
});
