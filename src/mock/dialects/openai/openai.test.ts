import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../../index.ts";

const MESSAGES = [{ role: "user" as const, content: "Say something nice." }];
const WEATHER = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer" }, note: { type: "string" } },
  required: ["city", "days"],
};
const CHAT_TOOL = { type: "function" as const, function: { name: "weather", parameters: WEATHER } };

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "openai", latency: INSTANT, ...options });
}

function clientOf(mock: MockServer, apiKey = "sk-test"): OpenAI {
  return new OpenAI({ baseURL: `${mock.url}/v1`, apiKey, maxRetries: 0 });
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("chat completions", () => {
  test("answer with text, usage and an id", async () => {
    await using mock = await start();
    const completion = await clientOf(mock).chat.completions.create(
      { model: "gpt-5", messages: MESSAGES },
      { headers: { "x-mock-output-tokens": "12" } },
    );
    expect(completion.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { role: "assistant" },
    });
    expect(completion.choices[0].message.content).toHaveLength(48);
    expect(completion.usage).toMatchObject({
      prompt_tokens: 5,
      completion_tokens: 12,
      total_tokens: 17,
    });
    expect(completion._request_id).toMatch(/^req_[0-9a-f]{24}$/);
  });

  test("end for length at max_tokens, wherever the wish for more stands", async () => {
    await using mock = await start();
    const completion = await clientOf(mock).chat.completions.create({
      model: "gpt-5",
      messages: MESSAGES,
      max_completion_tokens: 5,
      metadata: { mock_output_tokens: "9" },
    });
    expect(completion.choices[0].finish_reason).toBe("length");
    expect(completion.usage?.completion_tokens).toBe(5);
  });

  test("stream the same text, with usage only if asked for", async () => {
    await using mock = await start();
    const client = clientOf(mock);
    const request = { model: "gpt-5", messages: MESSAGES, metadata: { mock_output_tokens: "40" } };
    const plain = await collect(await client.chat.completions.create({ ...request, stream: true }));
    expect(plain.map((chunk) => chunk.choices[0].delta.content ?? "").join("")).toHaveLength(160);
    expect(plain.at(-1)?.choices[0].finish_reason).toBe("stop");
    expect(plain.some((chunk) => "usage" in chunk)).toBe(false);

    const withUsage = await collect(
      await client.chat.completions.create({
        ...request,
        stream: true,
        stream_options: { include_usage: true },
      }),
    );
    const last = withUsage.pop();
    expect(last).toMatchObject({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 40 } });
    expect(withUsage.every((chunk) => chunk.usage === null)).toBe(true);
  });

  test("call a tool when one is required, with arguments that fit its schema", async () => {
    await using mock = await start();
    const completion = await clientOf(mock).chat.completions.create({
      model: "gpt-5",
      messages: MESSAGES,
      tools: [CHAT_TOOL],
      tool_choice: "required",
    });
    expect(completion.choices[0].finish_reason).toBe("tool_calls");
    expect(completion.choices[0].message.tool_calls).toMatchObject([
      { type: "function", function: { name: "weather", arguments: '{"city":"mock","days":1}' } },
    ]);
  });

  test("stream tool calls in deltas that the SDK puts together", async () => {
    await using mock = await start();
    const stream = clientOf(mock).chat.completions.stream({
      model: "gpt-5",
      messages: [{ role: "user", content: "Use the tool." }],
      tools: [CHAT_TOOL],
    });
    const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0];
    expect(finish_reason).toBe("tool_calls");
    expect(message.tool_calls).toMatchObject([
      { type: "function", function: { name: "weather", arguments: '{"city":"mock","days":1}' } },
    ]);
  });

  test.each([
    {
      why: "no tool is wanted",
      tool_choice: "none" as const,
      last: { role: "user", content: "a tool!" },
    },
    { why: "the user asks for none", tool_choice: "auto" as const, last: MESSAGES[0] },
    {
      why: "the tool has answered",
      tool_choice: "auto" as const,
      last: { role: "tool", tool_call_id: "1", content: "tool: 7" },
    },
  ])("answer with text when $why", async ({ tool_choice, last }) => {
    await using mock = await start();
    const messages = [...MESSAGES, last] as OpenAI.ChatCompletionMessageParam[];
    const completion = await clientOf(mock).chat.completions.create({
      model: "gpt-5",
      messages,
      tools: [CHAT_TOOL],
      tool_choice,
    });
    expect(completion.choices[0].finish_reason).toBe("stop");
  });
});

describe("responses", () => {
  test("answer with text and usage", async () => {
    await using mock = await start();
    const response = await clientOf(mock).responses.create({
      model: "gpt-5",
      instructions: "Be nice",
      input: "Hello",
      max_output_tokens: 6,
      metadata: { mock_output_tokens: "6" },
    });
    expect(response).toMatchObject({
      status: "completed",
      usage: { input_tokens: 3, output_tokens: 6 },
    });
    expect(response.output_text).toHaveLength(24);
  });

  test("stream the documented sequence of events", async () => {
    await using mock = await start();
    const events = await collect(
      await clientOf(mock).responses.create({
        model: "gpt-5",
        input: [{ role: "user", content: [{ type: "input_text", text: "Hi" }] }],
        stream: true,
        metadata: { mock_output_tokens: "2" },
      }),
    );
    expect(events.map((event) => event.type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map((event) => (event as { sequence_number: number }).sequence_number)).toEqual(
      events.map((_, i) => i),
    );
    expect(events.at(-1)).toMatchObject({ response: { usage: { output_tokens: 2 } } });
  });

  test("end incomplete at max_output_tokens", async () => {
    await using mock = await start();
    const stream = clientOf(mock).responses.stream({
      model: "gpt-5",
      input: "Hello",
      max_output_tokens: 16,
      metadata: { mock_output_tokens: "99" },
    });
    const response = await stream.finalResponse();
    expect(response.status).toBe("incomplete");
    expect(response.incomplete_details).toEqual({ reason: "max_output_tokens" });
  });

  test("call tools, also in a stream", async () => {
    await using mock = await start();
    const tool = { type: "function" as const, name: "weather", parameters: WEATHER, strict: false };
    const request = {
      model: "gpt-5",
      input: "Hi",
      tools: [tool],
      tool_choice: "required" as const,
    };
    const call = { type: "function_call", name: "weather", arguments: '{"city":"mock","days":1}' };
    expect((await clientOf(mock).responses.create(request)).output).toMatchObject([call]);
    expect((await clientOf(mock).responses.stream(request).finalResponse()).output).toMatchObject([
      call,
    ]);
  });
});

describe("embeddings", () => {
  test("come as base64 (the SDK's default) and as floats, the same for the same text", async () => {
    await using mock = await start();
    const client = clientOf(mock);
    const model = "text-embedding-3-small";
    const encoded = await client.embeddings.create({ model, input: ["one", "other"] });
    const floats = await client.embeddings.create({
      model,
      input: "one",
      encoding_format: "float",
    });
    expect(encoded.data).toHaveLength(2);
    expect(encoded.data[0].embedding).toHaveLength(1_536);
    expect([...encoded.data[0].embedding]).toEqual(floats.data[0].embedding);
    expect(Math.hypot(...floats.data[0].embedding)).toBeCloseTo(1, 5);
    expect(encoded.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
  });

  test("are as long as asked, and count token arrays as they are", async () => {
    await using mock = await start();
    const embedding = await clientOf(mock).embeddings.create({
      model: "text-embedding-3-large",
      input: [
        [1, 2, 3],
        [4, 5],
      ],
      dimensions: 8,
    });
    expect(embedding.data.map((entry) => entry.embedding.length)).toEqual([8, 8]);
    expect(embedding.usage.prompt_tokens).toBe(5);
  });
});

test("models are listed and found", async () => {
  await using mock = await start();
  const client = clientOf(mock);
  const models = await collect(client.models.list());
  expect(models.map((model) => model.id)).toContain("gpt-5");
  expect(await client.models.retrieve("my/own")).toMatchObject({ id: "my/own", object: "model" });
  await expect(client.models.retrieve("missing-1")).rejects.toThrow(OpenAI.NotFoundError);
});

describe("errors are typed by the SDK", () => {
  const ask = (client: OpenAI, request: object = {}) =>
    client.chat.completions.create({ model: "gpt-5", messages: MESSAGES, ...request } as never);

  test("a rate limit, with its headers", async () => {
    await using mock = await start({ limits: { rpd: 1 } });
    const client = clientOf(mock);
    await ask(client);
    const error = await ask(client).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    const { code, type, headers } = error as InstanceType<typeof OpenAI.RateLimitError>;
    expect({ code, type }).toEqual({ code: "rate_limit_exceeded", type: "requests" });
    expect(Number(headers?.get("retry-after"))).toBeGreaterThan(86_000);
    expect(headers?.get("x-ratelimit-remaining-requests")).toBe("0");
  });

  test("a wrong key, and none", async () => {
    await using mock = await start({ apiKeys: ["sk-right"] });
    await ask(clientOf(mock, "sk-right"));
    await expect(ask(clientOf(mock, "sk-wrong"))).rejects.toThrow(OpenAI.AuthenticationError);
    const response = await fetch(`${mock.url}/v1/models`);
    expect(response.status).toBe(401);
    expect(await response.text()).toContain("You didn't provide an API key.");
  });

  test("an unknown model", async () => {
    await using mock = await start();
    const error = await ask(clientOf(mock), { model: "missing-model" }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ code: "model_not_found" });
  });

  test.each([
    [{ messages: undefined }, { param: "messages", code: "missing_required_parameter" }],
    [{ messages: [] }, { param: "messages" }],
    [{ messages: "hello" }, { param: "messages" }],
    [{ model: undefined }, {}],
    [{ max_tokens: -1 }, { param: "max_tokens" }],
    [{ max_completion_tokens: "5" }, { param: "max_completion_tokens" }],
    [{ metadata: { mock_fault: "explode" } }, {}],
    [{ metadata: { mock_output_tokens: "many" } }, {}],
  ])("a bad request: %o", async (request, fields) => {
    await using mock = await start();
    const error = await ask(clientOf(mock), request).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ type: "invalid_request_error", ...fields });
  });
});
